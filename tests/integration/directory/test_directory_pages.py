"""The directory's and the council's pages."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, now
from app.core.session import reading
from app.directory import queries
from app.directory.models import Agency, LinePin, Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.referrals.models import Child, ChildProfessional
from tests.factories.directory import make_agency, make_line, make_professional, make_settings
from tests.factories.meetings import make_meeting, make_person

COUNCIL = {
    "authority": "Exampleshire",
    "authority_number": "999",
    "protocol_id": "bromley",
    "desk_name": "The desk",
    "desk_telephone": "01632 960100",
    "desk_email": "desk@example.org",
    "out_of_hours_telephone": "01632 960199",
    "office_opens": "9:00",
    "office_closes": "17:00",
    "secure_domains": "police.example",
    "closure_days": "24/12/2026",
    "meeting_place": "Room 2",
}


@pytest.fixture
def admin(signed_in):
    return signed_in(Role.ADMINISTRATOR)


def token(text, name="csrf_token"):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)
    return unescape(found[1]) if found else ""


def send(browser, address, **values):
    page = browser.get(address)
    assert page.status_code == 200
    held = {name: token(page.text, name) for name in ("csrf_token", "nonce", "version")}
    return browser.post(address, data=held | values)


def press(browser, address):
    return browser.post(
        address, data={"csrf_token": token(browser.get("/directory/agencies/new").text)}
    )


def test_an_empty_directory_says_what_to_do_first(admin):
    assert "Add the agencies first" in admin.get("/directory").text


def test_an_agency_and_a_person_are_added_found_changed_and_ended(app, admin):
    assert send(admin, "/directory/agencies/new", name="Oakfield", kind="education").location
    with app.app_context():
        agency_id = reading().execute(select(Agency.id)).scalar_one()
    person = {
        "agency_id": agency_id,
        "name": "Sarah Lindqvist",
        "role": "safeguarding_lead",
        "email": "DSL@Oakfield.example",
        "telephone": "01632  960300",
    }
    assert send(admin, "/directory/people/new", **person).status_code == 303
    found = admin.get("/directory?q=lind oak")
    assert "Sarah Lindqvist" in found.text
    assert "dsl@oakfield.example" in found.text
    assert "Sarah" not in admin.get("/directory?q=nobody").text
    part = admin.get("/directory?q=sarah", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    with app.app_context():
        person_id = reading().execute(select(Professional.id)).scalar_one()
    back = in_london(now() + timedelta(days=3))
    away = {
        "away_until-day": back.day,
        "away_until-month": back.month,
        "away_until-year": back.year,
    }
    changed = send(admin, f"/directory/people/{person_id}", **person, **away)
    assert changed.status_code == 303
    assert "Away until" in admin.get("/directory").text
    press(admin, f"/directory/people/{person_id}/end")
    assert "Sarah" not in admin.get("/directory").text
    press(admin, f"/directory/people/{person_id}/restore")
    assert "Sarah" in admin.get("/directory").text
    press(admin, f"/directory/agencies/{agency_id}/end")
    assert "Sarah" not in admin.get("/directory").text
    with app.app_context():
        actions = reading().execute(select(AuditEntry.action)).scalars().all()
    assert [one for one in actions if "person" in one or "agency" in one] == [
        "agency added", "person added", "person changed", "person ended", "person restored",
        "agency ended",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "dsl"}, "Enter an email address in the form"),
        ({"email": "", "telephone": ""}, "Enter an email address or a telephone number"),
        ({"email": "", "is_team": "y"}, "reached by its mailbox"),
        ({"telephone": "999"}, "Enter a telephone number with its area code"),
        ({"name": ""}, "Enter the name"),
        ({"role": ""}, "Choose the role"),
        ({"agency_id": ""}, "Choose the agency"),
        ({"away_until-day": "31", "away_until-month": "2", "away_until-year": "2027"},
         "must be a real date"),
    ],
)  # fmt: skip
def test_bad_input_is_named_by_the_field(app, admin, change, changes, words):
    with change() as session:
        agency_id = make_agency(session).id
    values = {
        "agency_id": agency_id,
        "name": "Sarah",
        "role": "teacher",
        "email": "dsl@oakfield.example",
        "telephone": "01632 960300",
        "title": "Kept title",
    } | changes
    answer = send(admin, "/directory/people/new", **values)
    assert answer.status_code == 422
    assert words in unescape(answer.text)
    assert "Kept title" in answer.text
    with app.app_context():
        assert reading().query(Professional).count() == 0


def test_one_agency_by_each_name(admin):
    send(admin, "/directory/agencies/new", name="Oakfield", kind="education")
    answer = send(admin, "/directory/agencies/new", name="OAKFIELD", kind="other")
    assert answer.status_code == 422
    assert "There is an agency of that name already" in answer.text


def test_a_form_sent_twice_acts_once(app, admin):
    page = admin.get("/directory/agencies/new").text
    values = {
        "csrf_token": token(page),
        "nonce": token(page, "nonce"),
        "name": "A",
        "kind": "other",
    }
    assert [admin.post("/directory/agencies/new", data=values).status_code for _ in "12"] == [
        303
    ] * 2
    with app.app_context():
        assert reading().query(Agency).count() == 1


def test_council_settings_are_first_saved_and_read_back(app, admin):
    assert send(admin, "/council", **COUNCIL).status_code == 303
    with app.app_context():
        held = queries.council(reading())
        assert (held.office_opens, held.closure_days) == ("09:00", ["2026-12-24"])
        assert (held.protocol_id, held.authority_number) == ("bromley", "999")
    page = admin.get("/council").text
    assert "24/12/2026" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol_id": "atlantis"}, "Not a valid choice"),
        ({"office_closes": "08:00"}, "The office closes after it opens"),
        ({"office_opens": "nine"}, "24-hour clock"),
        ({"secure_domains": "police"}, "is not a domain"),
        ({"closure_days": "31/02/2026"}, "is not a date"),
        ({"desk_email": "desk"}, "Enter an email address"),
        ({"desk_telephone": ""}, "Enter the desk's telephone"),
        ({"authority_number": "12"}, "three digits"),
        ({"authority_number": "３０２"}, "three digits"),
    ],
)
def test_bad_council_settings_are_named_by_the_field(app, admin, changes, words):
    answer = send(admin, "/council", **(COUNCIL | changes))
    assert answer.status_code == 422
    assert words in unescape(answer.text)
    assert "Exampleshire" in answer.text
    with app.app_context():
        assert queries.council_or_none(reading()) is None


def test_a_long_page_names_all_its_mistakes_at_once(admin):
    wrong = {"office_opens": "nine", "desk_telephone": "x", "quality_email": "x", "desk_email": ""}
    page = send(admin, "/council", **(COUNCIL | wrong)).text
    summary = page.partition("There is a problem")[2].partition("</ul>")[0]
    assert summary.count("<li>") == 4
    for name in wrong:
        assert f'href="#{name}"' in summary


def test_two_administrators_see_where_their_settings_differ(admin, signed_in, change):
    with change() as session:
        make_settings(session)
    mine = admin.get("/council").text
    send(signed_in(Role.ADMINISTRATOR), "/council", **(COUNCIL | {"desk_name": "Their desk"}))
    values = COUNCIL | {
        "desk_name": "My desk",
        "csrf_token": token(mine),
        "nonce": token(mine, "nonce"),
        "version": token(mine, "version"),
    }
    conflict = admin.post("/council", data=values)
    assert conflict.status_code == 409
    assert "Their desk" in conflict.text
    assert "My desk" in conflict.text
    values["version"] = token(conflict.text, "version")
    assert admin.post("/council", data=values).status_code == 303


def test_a_line_keeps_its_pins_to_itself(app, admin):
    line = {"name": "Line A", "telephone": "0808 157 0100", "pins": "112233 445566"}
    saved = send(admin, "/council/lines/new", **line)
    assert saved.status_code == 303
    page = admin.get(saved.location).text
    assert "112233" not in page
    assert "••••33" in page
    more = send(admin, saved.location + "/pins", pins="445566, 778899")
    assert more.status_code == 303
    with app.app_context():
        pins = reading().execute(select(LinePin.pin)).scalars().all()
        assert sorted(pins) == ["112233", "445566", "778899"]
        told = str([entry.details for entry in reading().execute(select(AuditEntry)).scalars()])
        assert not any(pin in told for pin in pins)
    assert send(admin, "/council/lines/new", **line).status_code == 422
    assert send(admin, saved.location, name="Line B", telephone="999").status_code == 422
    press(admin, saved.location + "/end")
    council = admin.get("/council").text
    assert "There is no conference line yet" in council
    # One ended by mistake is found there and put back, with the PINs it had.
    assert "Lines that have ended (1)" in council and saved.location in council
    press(admin, saved.location + "/restore")
    council = admin.get("/council").text
    assert "Line A</a>, 0808 157 0100, 3 unused PINs" in council
    assert "Lines that have ended" not in council


def test_lines_tell_how_many_pins_are_left(in_app, change):
    with change() as session:
        line = make_line(session, pins=3)
        queries.pins(session, line.id)[0].used_at = now()
    ((found, unused),) = queries.lines(reading())
    assert (found.name, unused) == (line.name, 2)


def test_people_are_found_by_role_and_never_once_ended(in_app, change):
    with change() as session:
        health = make_agency(session, AgencyKind.HEALTH)
        here = make_professional(session, ProfessionalRole.GP, health)
        make_professional(session, ProfessionalRole.TEACHER, health)
        gone = make_professional(session, ProfessionalRole.GP, health)
        gone.ended_at = now()
        closed = make_agency(session)
        closed.ended_at = now()
        make_professional(session, ProfessionalRole.GP, closed)
    found = queries.active_people(reading(), ProfessionalRole.GP)
    assert [person.id for person in found] == [here.id]


def test_a_percent_sign_finds_only_itself(in_app, change):
    with change() as session:
        make_professional(session, name="Per 100% Person")
        make_professional(session, name="Somebody Else")
    assert [one.name for one in queries.search_people(reading(), "100%")] == ["Per 100% Person"]
    assert len(queries.search_people(reading(), "%")) == 1


def test_only_administrators_see_the_directory(signed_in):
    for address in ("/directory", "/council", "/council/lines/new"):
        assert signed_in(Role.CHAIR).get(address).status_code == 403


def test_what_is_not_there_is_no_page(admin):
    for address in ("/directory/people/9", "/directory/agencies/9", "/council/lines/9"):
        assert admin.get(address).status_code == 404


def test_two_administrators_at_one_person_see_both_texts_and_lose_neither(app, admin, change):
    with change() as session:
        person = make_professional(session, name="Sara Lind")
        address = f"/directory/people/{person.id}"
        other = {"agency_id": person.agency_id, "role": "gp", "email": person.email}
    page = admin.get(address)
    mine = {name: token(page.text, name) for name in ("csrf_token", "nonce", "version")}
    assert send(admin, address, **other, name="Sara Lind", telephone="01632 960377").location
    answer = admin.post(address, data=mine | other | {"name": "Sarah Lind", "telephone": ""})
    assert answer.status_code == 409
    assert "Somebody else saved this while you were writing" in answer.text
    assert "Saved: 01632 960377" in answer.text
    assert 'value="Sarah Lind"' in answer.text
    held = {name: token(answer.text, name) for name in ("csrf_token", "nonce", "version")}
    assert admin.post(address, data=held | other | {"name": "Sarah Lind"}).status_code == 303
    with app.app_context():
        assert reading().execute(select(Professional.name)).scalar_one() == "Sarah Lind"


def test_an_agency_that_ended_is_found_and_put_back(app, admin, change):
    with change() as session:
        agency = make_agency(session, AgencyKind.EDUCATION, "Oakfield")
        make_professional(session, agency=agency, name="Sara Lind")
        address = f"/directory/agencies/{agency.id}"
    press(admin, f"{address}/end")
    assert "Sara Lind" not in admin.get("/directory").text
    assert "Put back into the directory" in admin.get(address).text
    press(admin, f"{address}/restore")
    assert "Sara Lind" in admin.get("/directory").text


def test_a_leaver_is_found_among_those_who_ended(admin, change):
    with change() as session:
        person = make_professional(session, name="Sara Lind")
        person.ended_at = now()
    assert "Sara Lind" not in admin.get("/directory").text
    assert "Sara Lind" in admin.get("/directory?ended=1").text
    assert "Nobody who ended fits" in admin.get("/directory?ended=1&q=zzz").text


def test_the_children_somebody_works_with(admin, change):
    with change() as session:
        person = make_person(session, name="Sara Lind")
        meeting = make_meeting(session, children=1)
        session.add(
            ChildProfessional(
                child_id=meeting.children[0].child_id,
                professional_id=person.id,
                actively_involved=True,
                lead=False,
            )
        )
        child = session.get(Child, meeting.children[0].child_id)
        address, name = f"/directory/people/{person.id}/children", child.given_name
    page = admin.get(address).text
    assert name in page and "Actively involved" in page and "/referrals/" in page


def test_every_wrong_line_of_the_wards_is_named_at_once(signed_in, change):
    """By whoever keeps the directory: the system administrator too (the people of the product)."""
    with change() as session:
        make_settings(session)
    browser = signed_in(Role.SYSTEM)
    typed = "Mill, North, A\nCanal\nmill, North, A\nLock, North, B"
    refused = send(browser, "/directory/council/wards", wards=typed)
    assert refused.status_code == 422
    for words in (
        "Line 2: write ward, area and team", "Line 3: mill is in the list twice",
        "Line 4: the area North has the team A in a line above", "Nothing is saved yet",
    ):  # fmt: skip
        assert words in refused.text, words
    assert typed in refused.text
    saved = send(browser, "/directory/council/wards", wards="Mill, North, A\nCanal, South, B")
    assert saved.status_code == 303
    many = "\n".join(f"Ward {number}" for number in range(60))
    told = unescape(send(browser, "/directory/council/wards", wards=many).text)
    assert "Line 50:" in told and "Line 51:" not in told and "10 more lines have a mistake" in told


def test_the_children_of_a_person_are_offered_to_whoever_may_see_them(change, signed_in):
    with change() as session:
        person = make_professional(session).id
    path = f"/directory/people/{person}"
    for role, offered in ((Role.ADMINISTRATOR, True), (Role.SYSTEM, False)):
        browser = signed_in(role)
        assert ("Children they work with" in browser.get(path).text) is offered
        assert browser.get(f"{path}/children").status_code == (200 if offered else 403)
