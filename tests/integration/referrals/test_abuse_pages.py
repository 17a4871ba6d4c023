"""Domestic abuse and lists in a browser without JavaScript."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.session import reading
from app.directory.types import AgencyKind
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import Idva, Release
from app.referrals.keys import identity, index
from app.referrals.models import Referral
from app.referrals.types import DomesticAbuseRisk, Outcome
from tests.factories.abuse import make_abuse_case, make_list, use_protocol
from tests.factories.directory import make_agency
from tests.factories.referrals import make_child, make_referral
from tests.page_form import form_of


@pytest.fixture
def police(change):
    with change() as session:
        use_protocol(session, "north-lincolnshire")
        return make_agency(session, AgencyKind.POLICE, "Exampleshire Police").id


@pytest.fixture
def triage(signed_in, police):
    return signed_in(Role.TRIAGE)


@pytest.fixture
def on_list(change, police):
    """A list with one case; returns the addresses of the case on it and of the case."""
    with change() as session:
        case = make_abuse_case(session, at=now())
        sitting = make_list(session, now())
        return f"/lists/{sitting.ref}/1", f"/domestic-abuse/{case.ref}"


def form(browser, path):
    return form_of(browser.get(path).text, path)


def typed(browser, police, **changes):
    today = in_london(now())
    sent = form(browser, "/domestic-abuse/new") | {
        "source_agency_id": police,
        "received_at-day": today.day,
        "received_at-month": today.month,
        "received_at-year": today.year,
        "received_at-time": "00:00",
        "risk": "medium",
        "account": "Shouting heard by a neighbour.",
        "harmed-given_name": "Marigold",
        "harmed-family_name": "Greywether",
        "children-0-given_name": "Ottoline",
        "children-0-family_name": "Greywether",
        "children-0-date_of_birth-day": "4",
        "children-0-date_of_birth-month": "5",
        "children-0-date_of_birth-year": "2018",
    }
    return sent | changes


def the_case(app):
    with app.app_context():
        return reading().execute(select(AbuseCase)).scalar_one()


def test_a_case_is_entered_once_however_often_it_is_sent(app, triage, police):
    sent = typed(triage, police)
    answer = triage.post("/domestic-abuse/new", data=sent)
    assert answer.status_code == 303
    assert triage.post("/domestic-abuse/new", data=sent).location == answer.location
    held = the_case(app)
    assert answer.location == f"/domestic-abuse/{held.ref}"
    page = triage.get(answer.location)
    for words in ("Ottoline Greywether", "4 May 2018", "For this list only", "Medium risk"):
        assert words in page.text
    assert "Ottoline Greywether" in triage.get("/domestic-abuse/").text


def test_another_child_may_be_added_and_nothing_typed_is_lost(triage, police):
    sent = typed(triage, police, press="add child")
    page = triage.post("/domestic-abuse/new", data=sent)
    assert page.status_code == 200
    assert 'name="children-2-given_name"' in page.text
    assert 'value="Ottoline"' in page.text
    assert "Shouting heard" in page.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source_agency_id": ""}, "Choose the agency that reported it"),
        ({"risk": ""}, "Choose the risk"),
        ({"account": "  "}, "Say what was reported"),
        ({"received_at-year": "2099"}, "in the future"),
        ({"children-0-date_of_birth-day": "31", "children-0-date_of_birth-month": "2"}, "a real"),
        ({"children-0-date_of_birth-year": "2090"}, "Check the date of birth of Ottoline"),
        (
            {
                "harmed-given_name": "", "harmed-family_name": "", "children-0-given_name": "",
                "children-0-family_name": "", "children-0-date_of_birth-day": "",
                "children-0-date_of_birth-month": "", "children-0-date_of_birth-year": "",
            },
            "Enter at least one person",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(
    triage, police, changes, message
):
    answer = triage.post("/domestic-abuse/new", data=typed(triage, police, **changes))
    assert answer.status_code == 422
    assert message in answer.text
    if "account" not in changes:
        assert "Shouting heard" in answer.text


def test_risk_dash_adviser_and_marac_are_recorded(app, triage, on_list):
    _entry, case = on_list
    today = in_london(now())
    sent = form(triage, f"{case}/assessment") | {
        "dash_score": "14", "dash_by": "PC Dunmore", "idva": "accepted", "idva_note": "Ring first",
        "marac_on-day": today.day, "marac_on-month": today.month, "marac_on-year": today.year,
        "marac_note": "Escalation.",
    }  # fmt: skip
    assert triage.post(f"{case}/assessment", data=sent).status_code == 303
    held = the_case(app)
    assert (held.dash_score, held.idva, held.marac_on) == (14, Idva.ACCEPTED, today.date())
    assert "14 of 24, PC Dunmore" in triage.get(case).text
    for changes, message in (
        ({"dash_score": "25"}, "0 to 24"),
        ({"dash_score": "many"}, "valid integer"),
        ({"risk": "high"}, "Give the reason"),
    ):
        sent = form(triage, f"{case}/assessment") | changes
        answer = triage.post(f"{case}/assessment", data=sent)
        assert (answer.status_code, message in answer.text) == (422, True), message


def test_from_case_to_case_with_one_outcome_each(app, triage, change, police):
    with change() as session:
        for name in ("Alder", "Bracken"):
            make_abuse_case(session, child=(name, "Greywether"), at=now())
        ref = make_list(session, now()).ref
    first, second = f"/lists/{ref}/1", f"/lists/{ref}/2"
    page = triage.get(first)
    assert "Case 1 of 2, 0 with an outcome" in page.text
    assert 'rel="next"' in page.text
    sent = form(triage, first) | {"outcome": "advice", "reason": "Enough.", "information": "Held."}
    assert triage.post(first, data=sent).location == second
    sent = form(triage, second) | {"outcome": "no_further_action", "reason": "Nothing."}
    assert triage.post(second, data=sent).location == f"/lists/{ref}"
    page = triage.get(f"/lists/{ref}")
    assert "Every case has its outcome" in page.text
    sent = form(triage, f"/lists/{ref}")
    assert triage.post(f"/lists/{ref}", data=sent).status_code == 422
    sent |= {"took_part": "Jo Reyes, police"}
    assert triage.post(f"/lists/{ref}", data=sent).status_code == 303
    ended = triage.get(f"/lists/{ref}")
    assert "Jo Reyes, police" in ended.text
    assert "Enough." in triage.get(first).text


def test_an_outcome_beyond_the_list_asks_for_consent_and_keeps_what_was_typed(triage, on_list):
    entry, _case = on_list
    sent = form(triage, entry) | {
        "outcome": "early_help",
        "reason": "Asks.",
        "information": "Kept.",
    }
    answer = triage.post(entry, data=sent)
    assert answer.status_code == 422
    assert "takes this beyond the list" in answer.text
    assert "Kept." in answer.text
    sent |= {"release": "consent"}
    assert "Say who gave consent" in triage.post(entry, data=sent).text


def test_a_child_who_may_be_known_is_asked_about_before_the_referral(app, triage, change, on_list):
    entry, _case = on_list
    with change() as session:
        known = make_child(session, "Ottoline", "Greywether", None)
        known.date_of_birth = the_case(app).people[1].date_of_birth
        session.flush()
        index(session, known.id, identity(known))
        known_ref = known.ref
    sent = form(triage, entry) | {
        "outcome": "early_help", "reason": "Asks.", "release": "consent",
        "release_reason": "By telephone.",
    }  # fmt: skip
    asked = triage.post(entry, data=sent)
    assert asked.status_code == 422
    assert "is this a child who is known already" in asked.text
    assert known_ref in asked.text
    sent = form_of(asked.text, entry)
    again = triage.post(entry, data=sent)
    assert "Say whether this is one of the known children" in again.text
    sent |= {"matches-0-same_as": known_ref}
    assert triage.post(entry, data=sent).status_code == 303
    with app.app_context():
        referral = reading().execute(select(Referral)).scalar_one()
        assert [row.child.ref for row in referral.children] == [known_ref]


def test_who_does_not_decide_records_consent_but_overrides_nothing(app, signed_in, on_list):
    entry, case = on_list
    desk = signed_in(Role.ADMINISTRATOR)
    for path in (entry, f"{case}/release"):
        sent = form(desk, path) | {"release": "concern", "release_reason": "Fear."}
        answer = desk.post(path, data=sent)
        assert (answer.status_code, the_case(app).release) == (422, None)
        assert "Ask who decides on referrals" in answer.text
    sent = form(desk, f"{case}/release") | {"release": "consent", "release_reason": "Yes."}
    assert desk.post(f"{case}/release", data=sent).status_code == 303
    assert the_case(app).release is Release.CONSENT


def test_two_at_one_case_see_both_texts(app, triage, signed_in, on_list):
    entry, case = on_list
    other = signed_in(Role.CHAIR)
    mine, theirs = form(triage, entry), form(other, entry)
    theirs |= {"outcome": "advice", "reason": "Theirs.", "information": "Heard by them."}
    assert other.post(entry, data=theirs).status_code == 303
    mine |= {"information": "Heard by me."}
    answer = triage.post(entry, data=mine)
    assert answer.status_code == 409
    for words in ("Heard by me.", "Heard by them.", "Theirs.", "Somebody else saved this case"):
        assert words in answer.text
    path = f"{case}/assessment"
    first, second = form(triage, path), form(other, path)
    other.post(path, data=second | {"dash_score": "7"})
    answer = triage.post(path, data=first | {"dash_score": "9"})
    assert (answer.status_code, "DASH 7" in answer.text) == (409, True)


def test_a_case_is_corrected_until_it_is_a_referral(app, triage, on_list):
    _entry, case = on_list
    sent = form(triage, f"{case}/change")
    assert sent["children-0-given_name"] == "Ottoline"
    sent |= {"children-0-given_name": "Odette", "account": "Two neighbours heard shouting."}
    assert triage.post(f"{case}/change", data=sent).status_code == 303
    assert "Odette Greywether" in triage.get(case).text
    sent = form(triage, f"{case}/release") | {"release": "concern", "release_reason": "Fear."}
    assert triage.post(f"{case}/release", data=sent).status_code == 303
    sent = form(triage, f"{case}/change") | {"account": "Three."}
    assert "This is a referral by now" in triage.post(f"{case}/change", data=sent).text


def test_a_case_without_a_child_says_so_and_asks_before_anything_is_released(
    app, triage, change, police
):
    with change() as session:
        case = f"/domestic-abuse/{make_abuse_case(session, child=None, at=now()).ref}"
    page = triage.get(f"{case}/release").text
    assert "No child is named on this case." in page and "makes a referral of this case" not in page
    sent = form_of(page, f"{case}/release") | {"release": "concern", "release_reason": "A baby."}
    refused = triage.post(f"{case}/release", data=sent)
    assert refused.status_code == 422 and 'href="#release"' in refused.text
    assert the_case(app).release is None
    add = f"{case}/change?then=release"
    assert add in page
    baby = {"children-0-family_name": "Greywether"}
    due = in_london(now()).date() + timedelta(days=90)
    baby |= {
        f"children-0-due_date-{part}": str(getattr(due, part)) for part in ("day", "month", "year")
    }
    added = triage.post(add, data=form_of(triage.get(add).text, f"{case}/change") | baby)
    assert added.location == f"{case}/release"
    page = triage.get(added.location).text
    assert "No child is named" not in page
    sent = form_of(page, f"{case}/release") | {"release": "concern", "release_reason": "A baby."}
    done = triage.post(f"{case}/release", data=sent)
    assert "it is referral RF-" in triage.get(done.location).text


def test_consent_about_adults_alone_makes_no_referral_and_says_so(app, triage, change, police):
    with change() as session:
        case = f"/domestic-abuse/{make_abuse_case(session, child=None, at=now()).ref}"
    sent = form(triage, f"{case}/release") | {"release": "consent", "release_reason": "By phone."}
    refused = triage.post(f"{case}/release", data=sent)
    assert refused.status_code == 422 and 'href="#no_child"' in refused.text
    done = triage.post(f"{case}/release", data=sent | {"no_child": "y"})
    landed = triage.get(done.location).text
    assert "No child is named, so no referral is made." in landed
    assert the_case(app).referral_id is None
    assert "Record consent or a concern" in landed  # a child may become known yet


def test_a_child_named_after_the_adults_consented_is_told_apart_from_known_ones(
    app, triage, change, police
):
    """A3: what the list's page shows and asks follows who is named by now."""
    born, parts = date(2018, 5, 4), ("day", "month", "year")
    with change() as session:
        known = make_child(session, "Ottoline", "Greywether", born)
        index(session, known.id, identity(known))
        held = make_abuse_case(session, child=None, at=now())
        case, entry = f"/domestic-abuse/{held.ref}", f"/lists/{make_list(session, now()).ref}/1"
    sent = form(triage, f"{case}/release") | {"release": "consent", "release_reason": "By phone."}
    triage.post(f"{case}/release", data=sent | {"no_child": "y"})
    child = {"children-0-given_name": "Ottoline", "children-0-family_name": "Greywether"}
    child |= {f"children-0-date_of_birth-{part}": getattr(born, part) for part in parts}
    triage.post(f"{case}/change", data=form(triage, f"{case}/change") | child)
    page = triage.get(entry).text
    assert "is about the adults alone" in page and "May be shared" not in page
    sent = form_of(page, entry) | {"outcome": "section_17", "reason": "She was hit."}
    sent |= {"release": "concern", "release_reason": "She was hit."}
    asked = triage.post(entry, data=sent)
    assert asked.status_code == 422 and "known already?" in asked.text
    assert the_case(app).referral_id is None


def test_a_referrals_own_page_leads_to_risk_and_help(app, triage, change, police):
    with change() as session:
        ref = make_referral(session, domestic_abuse=DomesticAbuseRisk.HIGH).ref
        plain = make_referral(session).ref
        use_protocol(session, "derby")
    sent = form(triage, f"/referrals/{ref}") or {}
    path = f"/referrals/{ref}/domestic-abuse"
    sent = form_of(triage.get(f"/referrals/{ref}").text, path)
    opened = triage.post(path, data=sent)
    assert opened.location == f"/domestic-abuse/{the_case(app).ref}"
    page = triage.get(opened.location)
    assert "Discuss by" in page.text
    assert "da-high" in page.text
    discussion = f"{opened.location}/discussion"
    entry = triage.post(discussion, data=form_of(page.text, discussion)).location
    assert entry.startswith("/lists/LS-")
    refused = triage.post(f"/referrals/{plain}/domestic-abuse", data=sent)
    assert refused.location == f"/referrals/{plain}"
    assert "Record the domestic abuse risk" in triage.get(refused.location).text


def test_lists_say_what_the_protocol_names(triage, change, police):
    page = triage.get("/lists/")
    assert "Daily domestic abuse list" in page.text
    opened = triage.post(
        "/lists/open/domestic-abuse-daily",
        data=form_of(page.text, "/lists/open/domestic-abuse-daily"),
    )
    assert opened.status_code == 303
    assert "Under way" in triage.get("/lists/").text
    with change() as session:
        use_protocol(session, "bromley")
    assert "names no list" in triage.get("/lists/").text
    sent = form_of(page.text, "/lists/open/domestic-abuse-daily")
    assert triage.post("/lists/open/domestic-abuse-daily", data=sent).status_code == 404


def test_pages_by_key(triage, change, police):
    with change() as session:
        for number in range(27):
            case = make_abuse_case(session, child=(f"Child{number}", "Greywether"), at=now())
            case.outcome, case.closed_at = Outcome.ADVICE, now()
    first = triage.get("/domestic-abuse/?show=closed").text
    assert first.count("/domestic-abuse/DA-") == 25
    older = form_link(first, 'rel="next"')
    assert triage.get(older).text.count("/domestic-abuse/DA-") == 2
    assert triage.get("/domestic-abuse/?show=closed&after=broken").status_code == 200
    assert triage.get("/lists/?after=broken").status_code == 200


def form_link(text, before):
    """The address of the link that carries these words."""
    start = text[: text.index(before)].rindex('href="') + len('href="')
    return text[start : text.index('"', start)].replace("&amp;", "&")


def test_a_list_that_was_left_open_stands_beside_the_next_one_until_it_is_ended(change, triage):
    with change() as session:
        make_abuse_case(session, at=now() - timedelta(days=8))
        left = make_list(session, now() - timedelta(days=7)).ref
        new = make_list(session, now()).ref
    for page in ("/lists/", f"/lists/{new}"):
        shown = triage.get(page).text
        assert "is not ended: 1 case on it without an outcome comes to no other list" in shown
        assert f'href="/lists/{left}">Go through it or end it' in shown
    assert "Go through it or end it" not in triage.get(f"/lists/{left}").text
    sent = form(triage, f"/lists/{left}") | {"took_part": "Jo Reyes, police"}
    assert triage.post(f"/lists/{left}", data=sent).status_code == 303
    for page in ("/lists/", f"/lists/{new}"):
        assert "Go through it or end it" not in triage.get(page).text
    assert "Add what came in since (1)" in triage.get(f"/lists/{new}").text
