"""The pages of a decision, and two people on them at once (A7, A10, A12)."""

from __future__ import annotations

import re

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals import queries as referrals
from app.referrals.checks import queries as check_queries
from app.referrals.checks import service as checks
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.models import Referral
from app.referrals.types import (
    Outcome,
    Rating,
    ReferralState,
)
from tests.factories.checks import (
    mails,
    make_check,
    press,
    staff_actor,
)
from tests.factories.directory import make_settings
from tests.factories.meetings import make_meeting
from tests.integration.referrals.outcome.steps import (
    rate,
    refer,
    reopen,
    school_of,
)
from tests.page_form import form_of


def test_the_pages_of_a_decision(app, signed_in, told):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{told.ref}"
    page = triage.get(f"{here}/letters")
    assert "Dana Lead" in page.text
    to = school_of(told).key
    shown = press(triage, f"{here}/letters", f"{here}/letters/preview", to=to, added="All well.")
    assert shown.status_code == 200
    for words in ("All well.", "A letter for you", "Feedback on a pupil"):
        assert words in shown.text
    fields = form_of(shown.text, f"{here}/letters/send")
    assert triage.post(f"{here}/letters/preview.pdf", data=fields).data[:5] == b"%PDF-"
    assert "All well." in triage.post(f"{here}/letters", data=fields).text
    assert triage.post(f"{here}/letters/send", data=fields).status_code == 303
    assert triage.post(f"{here}/letters/send", data=fields).status_code == 303
    assert len(mails(reading(), "outcome")) == 1
    refused = press(triage, f"{here}/letters", f"{here}/letters/preview", to=to, added="Ask Pat")
    assert refused.status_code == 422
    assert "Ask Pat" in refused.text

    again = press(triage, f"{here}/reopen", f"{here}/reopen", reason="A new call")
    assert again.status_code == 303
    page = triage.get(here).text
    assert "A new call" in page
    assert "Not a referral" in page
    closed = press(
        triage, f"{here}/no-referral", f"{here}/no-referral", filtered="other_area", reason="Moved"
    )
    assert closed.status_code == 303
    assert "The child lives in another area" in triage.get(here).text
    onward = press(
        triage, f"{here}/onward", f"{here}/onward", about="missing", to_name="Missing panel"
    )
    assert onward.status_code == 303
    assert "Missing panel" in triage.get(here).text


def test_a_decision_names_the_requests_that_nobody_has_answered(signed_in, told):
    triage = signed_in(Role.TRIAGE)
    reopen(told)
    with transaction() as session:
        current = referrals.by_ref(session, told.ref)
        wanted, other, answered = (make_check(session, current) for _ in range(3))
        given = AnswerGiven(Held.NOTHING, "", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), answered, given, now())
    here = f"/referrals/{told.ref}/decision"
    shown = form_of(triage.get(here).text, here)
    fields = {"outcome": "advice", "reason": "Enough is known"}
    with transaction() as session:
        late = make_check(session, referrals.by_ref(session, told.ref))
    # Asked by a colleague while this page was open: nothing is withdrawn unseen.
    unseen = triage.post(here, data=shown | fields)
    assert unseen.status_code == 422
    assert "Another agency was asked while this page was open" in unseen.text
    without = triage.post(here, data=form_of(unseen.text, here) | fields | {"wanted": wanted.ref})
    assert without.status_code == 422
    assert "Say why the answer is still wanted" in without.text
    again = form_of(without.text, here) | {"wanted_because": "The school waits for it."}
    assert again["wanted"] == wanted.ref
    assert triage.post(here, data=again).status_code == 303
    found = {one.check.ref: one.check for one in check_queries.checks_on(reading(), told.id)}
    assert found[wanted.ref].withdrawn_at is None
    assert found[wanted.ref].wanted_because == "The school waits for it."
    assert found[wanted.ref].next_reminder_at is not None
    for one in (other, late):
        assert found[one.ref].withdrawn_reason == "The referral was decided: Advice"
        assert found[one.ref].next_reminder_at is None
    assert found[answered.ref].withdrawn_at is None
    assert "Still wanted: " in triage.get(f"/referrals/{told.ref}/checks").text


def test_a_discussion_that_stands_is_cancelled_before_anything_else_is_decided(signed_in, in_app):
    with transaction() as session:
        make_settings(session)
        meeting = make_meeting(session, MeetingState.BOOKED, 2, at=now())
        held = session.get_one(Referral, meeting.referral_id)
        held.outcome, held.decided_at = Outcome.STRATEGY_DISCUSSION, now()
        held.state = ReferralState.DECIDED
    triage = signed_in(Role.TRIAGE)
    for page, fields in (
        ("decision", {"outcome": "advice", "reason": "Not needed"}),
        ("no-referral", {"filtered": "adult", "reason": "Not needed"}),
    ):
        here = f"/referrals/{held.ref}/{page}"
        refused = press(triage, here, here, **fields)
        assert refused.status_code == 422
        assert f"Strategy discussion {meeting.ref} is not cancelled" in refused.text
        assert "Not needed" in refused.text
    with transaction() as session:
        session.get_one(Meeting, meeting.id).state = MeetingState.CANCELLED
    here = f"/referrals/{held.ref}/decision"
    assert press(triage, here, here, outcome="advice", reason="Not needed").status_code == 303


def test_an_override_at_the_decision_keeps_that_the_family_was_told(signed_in, held):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{held.ref}/decision"
    fields = {"outcome": "section_17", "reason": "Needs support"}
    told = {"family_told": "y", "family_told_note": "By telephone at noon"}
    half = press(triage, here, here, **fields, **told)
    assert half.status_code == 422
    assert "By telephone at noon" in half.text
    basis = {"override_reason": "A threat", "lawful_basis": "crime"}
    assert press(triage, here, here, **fields, **told, **basis).status_code == 303
    [consent] = referrals.consents(reading(), held.id)
    assert consent.consent.family_told
    assert consent.consent.family_told_note == "By telephone at noon"


def test_the_decision_page_asks_for_the_override(signed_in, held):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{held.ref}/decision"
    fields = {"outcome": "section_17", "reason": "Needs support"}
    refused = press(triage, here, here, **fields)
    assert refused.status_code == 422
    assert "override it below" in refused.text
    half = press(triage, here, here, **fields, override_reason="A threat was made")
    assert half.status_code == 422
    assert "Choose the lawful basis for overriding consent" in half.text
    assert "A threat was made" in half.text
    done = press(triage, here, here, **fields, override_reason="A threat", lawful_basis="crime")
    assert done.status_code == 303
    assert "Consent was overridden by whoever decided" in triage.get(f"/referrals/{held.ref}").text


def test_two_who_decide_at_once_see_both_texts(signed_in, held):
    first, second = signed_in(Role.TRIAGE), signed_in(Role.CHAIR)
    here = f"/referrals/{held.ref}/decision"
    mine = form_of(second.get(here).text, here)
    press(first, here, here, outcome="advice", reason="First words")
    late = second.post(here, data=mine | {"outcome": "no_further_action", "reason": "Second words"})
    assert late.status_code == 409
    assert "First words" in late.text
    assert "Second words" in late.text
    assert [one.decision.reason for one in referrals.decisions(reading(), held.id)] == [
        "First words"
    ]


def test_disagreeing_and_settling_on_the_pages(in_app, signed_in):
    held = refer("nottinghamshire")
    rate(held, Rating.GREEN)
    triage, chair = signed_in(Role.TRIAGE), signed_in(Role.CHAIR)
    here = f"/referrals/{held.ref}/rating"
    said = press(triage, f"{here}/disagree", f"{here}/disagree", by_whom="Jo, health",
                 rating="red", rating_reason="Worse than it looks")  # fmt: skip
    assert said.status_code == 303
    shown = triage.get(f"/referrals/{held.ref}").text
    assert "Worse than it looks" in shown
    assert "Settle the disagreement" in shown
    press(triage, f"{here}/settle", f"{here}/settle", rating="green", rating_reason="Known well",
          settled="no")  # fmt: skip
    assert "final decision" in chair.get(f"{here}/settle").text
    press(chair, f"{here}/settle", f"{here}/settle", rating="red", rating_reason="Agreed",
          settled="yes")  # fmt: skip
    assert re.search(r"Disagreement, settled", triage.get(f"/referrals/{held.ref}").text)
    assert triage.get(f"{here}/settle").status_code == 303
