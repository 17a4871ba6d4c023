"""The pages on which staff ask agencies, see the answers side by side, and write one down (A6)."""

from __future__ import annotations

from app.core.session import reading, transaction
from app.directory.types import AgencyKind
from app.referrals import queries as referrals
from app.referrals.checks import queries
from app.referrals.checks.types import Held
from tests.factories.checks import (
    press,
)
from tests.factories.directory import make_agency, make_professional
from tests.factories.referrals import make_adult, make_referral
from tests.integration.referrals.checks.asking import answer, ask, people
from tests.page_form import form_of


def test_the_page_asks_shows_side_by_side_and_reminds(app, triage, held):
    here = f"/referrals/{held.ref}/checks"
    with transaction() as session:
        team = make_professional(session, is_team=True, name="Police desk")
        make_professional(session, name="Somebody Else")
    page = triage.get(f"{here}/ask").text
    assert "Police desk" in page
    assert "Somebody Else" not in page
    found = press(triage, f"{here}/ask", f"{here}/ask", press="find", find="somebody")
    assert found.status_code == 200
    assert "Somebody Else" in found.text
    assert press(triage, f"{here}/ask", f"{here}/ask").status_code == 422
    sent = press(triage, f"{here}/ask", f"{here}/ask", people=str(team.id))
    assert sent.status_code == 303
    shown = triage.get(here).text
    assert "0 of 1 agency has answered" in shown
    [asked] = queries.checks_on(reading(), held.id)
    ref = asked.check.ref
    press(triage, here, f"{here}/{ref}/remind")
    assert "less than 15 minutes ago" in triage.get(here).text
    answered = f"{here}/{ref}/answer"
    given = press(triage, answered, answered, held="something", words="Two visits", by_name="Jo",
                  via="telephone")  # fmt: skip
    assert given.status_code == 303
    assert "Two visits" in triage.get(here).text
    assert "1 of 1 agency has answered" in triage.get(f"/referrals/{held.ref}").text


def test_an_answer_is_written_down_once_and_on_top_of_what_was_seen(triage, held):
    [check] = ask(held, *people(1))
    page = f"/referrals/{held.ref}/checks/{check.ref}/answer"
    typed = {"held": "nothing", "words": "", "by_name": "Jo", "via": "telephone"}
    fields = form_of(triage.get(page).text, page) | typed
    stale = form_of(triage.get(page).text, page) | typed
    assert triage.post(page, data=fields).status_code == 303
    assert triage.post(page, data=fields).status_code == 303
    [asked] = queries.checks_on(reading(), held.id)
    assert len(asked.answers) == 1
    late = triage.post(page, data=stale | {"words": "Nothing at all"})
    assert late.status_code == 422
    assert "since you opened this page" in late.text
    assert "Jo, by telephone" in late.text
    assert triage.post(page, data=form_of(late.text, page)).status_code == 303
    [asked] = queries.checks_on(reading(), held.id)
    assert [one.answer.words for one in asked.answers] == ["Nothing at all", None]


def test_an_alleged_perpetrators_agency_is_pointed_out(triage, held):
    with transaction() as session:
        agency = make_agency(session, AgencyKind.EDUCATION)
        make_professional(session, agency=agency, is_team=True)
        current = referrals.by_ref(session, held.ref)
        make_adult(session, current, alleged_perpetrator=True, employer=agency)
    page = triage.get(f"/referrals/{held.ref}/checks/ask").text
    assert "an alleged perpetrator works for this agency" in page


def test_so_is_one_that_was_only_typed(triage, held):
    with transaction() as session:
        agency = make_agency(session, AgencyKind.EDUCATION)
        make_professional(session, agency=agency, is_team=True)
        current = referrals.by_ref(session, held.ref)
        make_adult(session, current, employer_typed=agency.name)
    page = f"/referrals/{held.ref}/checks/ask"
    assert "an alleged perpetrator" not in triage.get(page).text
    for typed, words in ((agency.name.upper(), "works for"), (f"{agency.name} East", "may work")):
        with transaction() as session:
            (adult,) = referrals.by_ref(session, held.ref).adults
            adult.alleged_perpetrator, adult.employer_typed = True, typed
        assert f"an alleged perpetrator {words}" in triage.get(page).text


def test_a_request_of_another_referral_is_no_page_here(triage, held):
    [check] = ask(held, *people(1))
    with transaction() as session:
        other = make_referral(session).ref
    for page in ("answer", "withdraw"):
        assert triage.get(f"/referrals/{other}/checks/{check.ref}/{page}").status_code == 404


def test_two_withdraw_and_answer_at_once_and_both_see_it(triage, held):
    [check] = ask(held, *people(1))
    page = f"/referrals/{held.ref}/checks/{check.ref}/withdraw"
    fields = form_of(triage.get(page).text, page)
    answer(check, Held.NOTHING)
    late = triage.post(page, data=fields | {"reason": "Not needed"})
    assert late.status_code == 422
    assert "Not needed" in late.text
    assert "answered or chased meanwhile" in late.text
    assert queries.checks_on(reading(), held.id)[0].check.withdrawn_at is None
