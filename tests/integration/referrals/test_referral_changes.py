"""What is changed on a referral's page: decision, rating, circumstances, children."""

from __future__ import annotations

import re

from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.session import reading
from app.referrals import queries
from app.referrals.children import involve
from app.referrals.types import Involvement, Outcome
from tests.factories.directory import make_professional
from tests.factories.referrals import make_referral
from tests.integration.referrals.typing_in import small, token


def test_a_decision_waits_for_consent_then_stands(app, triage, referral):
    refused = small(triage, referral, "decision", outcome="section_17", reason="Needs support")
    assert refused.status_code == 422
    assert "needs consent" in refused.text
    assert "Needs support" in refused.text
    assert small(triage, referral, "consent", consent="given").status_code == 303
    saved = small(triage, referral, "decision", outcome="section_17", reason="Needs support")
    assert saved.status_code == 303
    page = triage.get(saved.location).text
    assert "decided: Section 17" in page
    assert "Needs support" in page
    assert "The decision is recorded." in page
    assert "Change the decision" in page
    with app.app_context():
        assert queries.by_ref(reading(), referral).outcome is Outcome.SECTION_17


def test_a_strategy_discussion_is_not_decided_on_this_form(triage, referral):
    answer = small(triage, referral, "decision", outcome="strategy_discussion", reason="x")
    assert answer.status_code == 422


def test_a_decision_without_its_reason_is_refused(triage, referral):
    answer = small(triage, referral, "decision", outcome="advice", reason=" ")
    assert answer.status_code == 422
    assert "Give the reason for the decision" in answer.text


def test_ratings_stand_below_one_another(triage, referral):
    small(triage, referral, "rating", rating="amber", rating_reason="First view")
    saved = small(triage, referral, "rating", rating="red", rating_reason="After the checks")
    page = triage.get(saved.location).text
    assert page.index("After the checks") < page.index("First view")


def test_two_writers_see_both_texts_and_neither_is_lost(app, triage, signed_in, referral):
    address = f"/referrals/{referral}/concerns"
    mine = triage.get(address)
    theirs = signed_in(Role.CHAIR)
    small(theirs, referral, "concerns", concerns=["neglect"], narrative="Their words")
    values = {
        "csrf_token": token(mine.text),
        "version": token(mine.text, "version"),
        "concerns": ["neglect"],
        "narrative": "My words",
    }
    conflict = triage.post(address, data=values)
    assert conflict.status_code == 409
    assert "Their words" in conflict.text
    assert conflict.text.count("My words") >= 2
    values["version"] = token(conflict.text, "version")
    assert triage.post(address, data=values).status_code == 303
    with app.app_context():
        assert queries.by_ref(reading(), referral).narrative == "My words"


def test_changed_circumstances_change_the_deadline_shown(triage, referral):
    before = triage.get(f"/referrals/{referral}").text
    assert "serious-harm" not in before
    small(triage, referral, "concerns", concerns=["neglect"], narrative="x", flags=["serious_harm"])
    assert "serious-harm" in triage.get(f"/referrals/{referral}").text


def test_a_child_is_corrected_on_its_own_page_and_only_through_its_referral(
    app, triage, referral, change
):
    with app.app_context():
        child = queries.by_ref(reading(), referral).children[0].child
    where = f"children/{child.ref}"
    saved = small(triage, referral, where, given_name="Wrenna", family_name="Testwell")
    assert saved.status_code == 303
    assert "Wrenna Testwell" in triage.get(saved.location).text
    refused = small(triage, referral, where, given_name="", family_name="")
    assert refused.status_code == 422
    with change() as session:
        other = make_referral(session).ref
    assert triage.get(f"/referrals/{other}/{where}").status_code == 404


def test_a_child_with_many_professionals_keeps_those_the_form_has_no_room_for(
    app, triage, referral, change
):
    with change() as session:
        child = queries.by_ref(session, referral).children[0].child
        people = [make_professional(session) for _ in range(6)]
        involve(session, SYSTEM, child, [Involvement(one.id) for one in people], now())
    address = f"/referrals/{referral}/children/{child.ref}"
    page = triage.get(address).text
    values = {"csrf_token": token(page), "version": token(page, "version"), "given_name": "W"}
    for kind in ("school", "gp", "health", "other"):
        chosen = re.search(
            rf'name="{kind}_id".*?</select>', page, re.DOTALL
        )[0]  # fmt: skip
        if found := re.search(r'value="(\d+)" selected', chosen):
            values[f"{kind}_id"] = found[1]
    assert triage.post(address, data=values).status_code == 303
    with app.app_context():
        assert len(queries.involved_with(reading(), [child.id])) == 6


def test_a_refused_change_leaves_nothing_behind(app, triage, referral):
    small(triage, referral, "rating", rating="blue", rating_reason="x")
    with app.app_context():
        assert queries.by_ref(reading(), referral).rating is None
