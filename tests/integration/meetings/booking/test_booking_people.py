"""Who is put on the booking page by hand: found, typed, changed for another (C2, C7)."""

from __future__ import annotations

from sqlalchemy import delete, select

from app.core.session import db, reading, transaction
from app.directory.models import Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.models import Invitee, LeftOut
from app.referrals.models import Child, Referral, ReferralAdult
from tests.factories.directory import make_agency
from tests.factories.meetings import make_person
from tests.factories.referrals import make_adult
from tests.integration.meetings.booking.page import booking_form, sent_to
from tests.page_form import form_of


def test_leaving_one_out_needs_a_reason_and_keeps_it(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    place = next(n for n in range(9) if fields.get(f"people-{n}-key") == "health-involved")
    del fields[f"people-{place}-come"]
    refused = desk.post(url, data=fields | {"do": "send"})
    assert refused.status_code == 422
    assert f'href="#people-{place}-reason"' in refused.text
    assert sent_to(app) == []
    fields[f"people-{place}-reason"] = "Gave her view by telephone"
    assert desk.post(url, data=fields | {"do": "send"}).status_code == 303
    with app.app_context():
        kept = reading().execute(select(LeftOut)).scalar_one()
        assert kept.reason == "Gave her view by telephone"
        db.session.remove()


def test_somebody_is_found_added_and_taken_off_again(app, desk, case):
    with app.app_context(), transaction() as session:
        fresh = make_person(session, ProfessionalRole.GP, name="Dr Found Later").id
    url, fields, _html = booking_form(desk, case)
    found = desk.post(url, data=fields | {"search": "found later", "do": "find"})
    assert found.status_code == 200
    assert f'name="add" value="{fresh}"' in found.text
    added = desk.post(url, data=fields | {"add": str(fresh)})
    more = form_of(added.text, url)
    assert f"added-{fresh}" in more.values()
    gone = form_of(desk.post(url, data=more | {"drop": f"added-{fresh}"}).text, url)
    assert f"added-{fresh}" not in gone.values()
    assert desk.post(url, data=more | {"do": "send"}).status_code == 303
    assert len(sent_to(app)) == 5


def test_somebody_typed_is_invited_or_telephoned(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    typed = {"new-name": "Tess Typed", "new-agency": "Elsewhere", "new-kind": "voluntary"}
    added = form_of(desk.post(url, data=fields | typed | {"do": "add-typed"}).text, url)
    refused = desk.post(url, data=added | {"do": "send"})
    assert refused.status_code == 422
    assert "Tess Typed has no email address" in refused.text
    place = next(n for n in range(9) if added.get(f"people-{n}-key") == "typed-0")
    assert f'href="#people-{place}-email"' in refused.text
    added[f"people-{place}-telephone_only"] = "y"
    # C5: the call sheet would have nothing to ring.
    refused = desk.post(url, data=added | {"do": "send"})
    assert refused.status_code == 422
    assert "Enter the telephone number of Tess Typed" in refused.text
    assert f'href="#people-{place}-telephone"' in refused.text
    assert "Telephone number of Tess Typed" in refused.text
    again = form_of(refused.text, url)
    assert again[f"people-{place}-telephone"] == ""
    again[f"people-{place}-telephone"] = "01632 960123"
    assert desk.post(url, data=again | {"do": "send"}).status_code == 303
    assert len(sent_to(app)) == 4
    with app.app_context():
        numbers = dict(reading().execute(select(Invitee.name, Invitee.telephone)).all())
        assert numbers["Tess Typed"] == "01632 960123"
        db.session.remove()


def test_somebody_typed_and_not_put_on_the_list_stops_the_sending(app, desk, case):
    url, fields, _text = booking_form(desk, case)
    half = {"new-name": "Tess Typed", "new-email": "tess@elsewhere.example", "do": "send"}
    answer = desk.post(url, data=fields | half)
    assert answer.status_code == 422
    assert "Tess Typed is not on the list yet" in answer.text
    assert form_of(answer.text, url)["new-email"] == "tess@elsewhere.example"
    assert sent_to(app) == []


def test_an_alleged_perpetrators_agency_is_warned_of_when_added(app, desk, case):
    with app.app_context(), transaction() as session:
        fresh = make_person(session, ProfessionalRole.TEACHER, AgencyKind.EDUCATION)
        referral = session.execute(select(Referral)).scalar_one()
        session.add(
            ReferralAdult(
                referral_id=referral.id, name="A Person", relationship_to_child="Coach",
                parental_responsibility=False, in_household=False, alleged_perpetrator=True,
                under_18=False, employer_id=fresh.agency_id,
            )
        )  # fmt: skip
        fresh_id = fresh.id
    url, fields, html = booking_form(desk, case)
    assert "employs the alleged perpetrator" not in html
    added = desk.post(url, data=fields | {"add": str(fresh_id)})
    assert "employs the alleged perpetrator" in added.text


def test_somebody_typed_from_an_alleged_perpetrators_agency_is_warned_of(app, desk, case):
    with app.app_context(), transaction() as session:
        referral = session.execute(select(Referral)).scalar_one()
        club = make_agency(session, AgencyKind.VOLUNTARY, "Millbrook Football Club")
        session.add(
            ReferralAdult(
                referral_id=referral.id, name="A Person", relationship_to_child="Coach",
                parental_responsibility=False, in_household=False, alleged_perpetrator=True,
                under_18=False, employer_id=club.id,
            )
        )  # fmt: skip
    url, fields, _html = booking_form(desk, case)
    for agency, warned in (("The Millbrook football club", True), ("Oakfield School", False)):
        typed = {"new-name": "Sam Secretary", "new-agency": agency, "do": "add-typed"}
        shown = desk.post(url, data=fields | typed).text
        assert "Sam Secretary" in shown
        assert ("Millbrook Football Club employs the alleged perpetrator" in shown) == warned


def test_an_employer_that_was_only_typed_is_neither_proposed_nor_unwarned(app, desk, case):
    """The nursery stands with the child and with the adult, and in no directory (C2)."""
    with app.app_context(), transaction() as session:
        referral = session.execute(select(Referral)).scalar_one()
        child = session.execute(select(Child)).scalars().first()
        child.school_typed = "Little Acorns Nursery, 020 7946 0011"
        lead = session.get(Professional, case["lead"])
        lead.agency.name = "Millbrook School"
    before = desk.get(f"/discussions/{case['ref']}/book").text
    assert "Little Acorns Nursery" in before and "Millbrook School" in before
    for typed, gone, warned in (
        ("little acorns nursery", "Little Acorns Nursery", None),
        ("Millbrook School", ", Millbrook School", None),
        ("Millbrook School and Nursery", None, "Millbrook School and Nursery employs the alleged"),
    ):
        with app.app_context(), transaction() as session:
            referral = session.execute(select(Referral)).scalar_one()
            session.execute(delete(ReferralAdult))
            make_adult(session, referral, alleged_perpetrator=True, employer_typed=typed)
        page = desk.get(f"/discussions/{case['ref']}/book").text
        assert gone is None or gone not in page
        assert warned is None or warned in page


def test_somebody_proposed_since_is_pointed_out(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    with app.app_context(), transaction() as session:
        session.execute(select(Child)).scalars().first().looked_after = True
        make_person(session, ProfessionalRole.FOSTERING_SERVICE, AgencyKind.FOSTERING)
    answer = desk.post(url, data=fields | {"do": "send"})
    assert answer.status_code == 422
    assert "Proposed since you opened the page" in answer.text
    again = form_of(answer.text, url)
    assert desk.post(url, data=again | {"do": "send"}).status_code == 303
    assert len(sent_to(app)) == 5


def test_an_address_that_looks_like_another_is_read_back_first(app, desk, case):
    with app.app_context(), transaction() as session:
        make_person(session, ProfessionalRole.GP, email="gp@elm-surgery.example")
    url, fields, _html = booking_form(desk, case)
    typed = {"new-name": "Tess Typed", "new-agency": "Elm", "new-email": "t@elm-surqery.example"}
    added = desk.post(url, data=fields | typed | {"do": "add-typed"})
    assert "looks like elm-surgery.example" in added.text
    held = form_of(added.text, url)
    refused = desk.post(url, data=held | {"do": "send"})
    assert refused.status_code == 422
    assert "Read the address back to them" in refused.text
    assert sent_to(app) == []
    place = next(n for n in range(9) if held.get(f"people-{n}-key") == "typed-0")
    done = desk.post(url, data=held | {f"people-{place}-checked": "y", "do": "send"})
    assert done.status_code == 303


def test_somebody_else_takes_a_place_at_one_press(app, desk, case):
    with app.app_context(), transaction() as session:
        other = make_person(session, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE).id
    url, fields, html = booking_form(desk, case)
    place = next(n for n in range(9) if fields.get(f"people-{n}-key") == "police")
    first = int(fields[f"people-{place}-person"])
    swap = next(one for one in (case["cait"], other) if one != first)
    assert f'name="swap" value="police:{swap}"' in html
    swapped = form_of(desk.post(url, data=fields | {"swap": f"police:{swap}"}).text, url)
    assert swapped[f"people-{place}-person"] == str(swap)


def test_a_referrer_whom_the_directory_knows_by_address_is_proposed_once(app, case, desk):
    with app.app_context(), transaction() as session:
        lead = session.get_one(Professional, case["lead"])
        referral = session.execute(
            select(Referral).where(Referral.ref == case["referral"])
        ).scalar_one()
        referral.referrer_professional_id = None
        referral.referrer_email = lead.email.upper()
        address = lead.email
    url, form, _page_text = booking_form(desk, case)
    assert list(form.values()).count(str(case["lead"])) == 1
    assert address not in form.values()  # nobody typed beside them
    assert desk.post(url, data=form | {"do": "send"}).status_code == 303
    assert sent_to(app).count(address) == 1
