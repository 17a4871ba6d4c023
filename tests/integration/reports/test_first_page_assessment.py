"""An assessment under section 17 is work until somebody says that it is complete (F8, G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.meetings.types import MeetingState
from app.protocols.exchange import restore
from app.protocols.types import Clock, Due
from app.referrals.assessment.queries import UNDER_WAY, completed
from app.referrals.assessment.service import complete
from app.referrals.models import Referral
from app.referrals.outcome.service import reopen
from app.referrals.service import decide
from app.referrals.types import ConsentState, Outcome
from tests.factories.abuse import use_protocol
from tests.factories.checks import staff_actor
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral

DAY = timedelta(days=1)
WORK = "Complete the section 17 assessment"


def decided(change, days: int) -> str:
    with change() as session:
        then = now() - days * DAY
        referral = make_referral(session, 1, received_at=then, consent=ConsentState.GIVEN)
        use_protocol(session, "london")
        decide(session, staff_actor(session), referral, Outcome.SECTION_17, "Assess", then)
        assert referral.assessment_due_at is not None
        return referral.ref


@pytest.mark.parametrize("settle", ["complete", "opened again", "decided otherwise"])
def test_it_is_late_work_until_it_is_settled(change, signed_in, settle) -> None:
    ref = decided(change, 100)
    chair, worker = signed_in(Role.CHAIR), signed_in(Role.SOCIAL_WORKER)
    for browser in (chair, worker):
        page = browser.get("/").text
        assert page.count(WORK) == 1 and "Late" in page
        assert f'href="/referrals/{ref}/assessment"' in page
    assert WORK not in signed_in(Role.ANALYST).get("/").text
    with change() as session:
        referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
        if settle == "complete":
            complete(session, actor, referral, now() - DAY, now())
        elif settle == "opened again":
            reopen(session, actor, referral, "The school rang", now(), referral.version)
        else:
            decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "They moved", now())
    assert WORK not in chair.get("/").text
    if settle == "complete":
        # Decided again in the same way it is the same assessment.
        with change() as session:
            referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
            decide(session, actor, referral, Outcome.SECTION_17, "As before", now())
        assert WORK not in chair.get("/").text


def test_it_is_shown_when_its_week_has_come(change, signed_in) -> None:
    decided(change, 10)
    assert WORK not in signed_in(Role.CHAIR).get("/").text


def test_one_decided_again_after_something_else_is_another_assessment(change, signed_in) -> None:
    ref = decided(change, 100)
    chair = signed_in(Role.CHAIR)
    with change() as session:
        referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
        complete(session, actor, referral, now() - 60 * DAY, now() - 60 * DAY)
        decide(session, actor, referral, Outcome.EARLY_HELP, "After it", now() - 59 * DAY)
    assert WORK not in chair.get("/").text
    with change() as session:
        referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
        decide(session, actor, referral, Outcome.SECTION_17, "The school rang", now())
        assert referral.assessment_due_at is not None
        under_way = select(Referral.ref).where(UNDER_WAY)
        assert list(session.execute(under_way).scalars()) == [ref]
    assert WORK in chair.get("/").text
    assert "Complete the assessment by <strong" not in chair.get(f"/referrals/{ref}").text


def test_what_was_decided_earlier_and_written_down_later_ends_an_assessment_too(change) -> None:
    """F5: a discussion of yesterday, recorded today, is decided as of yesterday."""
    decided(change, 100)
    with change() as session:
        referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
        complete(session, actor, referral, now() - 2 * DAY, now() - DAY / 2)
        discussion = Outcome.STRATEGY_DISCUSSION
        decide(session, actor, referral, discussion, "Held", now(), at=now() - DAY)
    with change() as session:
        referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
        decide(session, actor, referral, Outcome.SECTION_17, "After it", now())
        assert referral.assessment_due_at is not None
        assert not completed(session, referral.id)[0].holds
        assert list(session.execute(select(Referral.id).where(UNDER_WAY)).scalars()) == [
            referral.id
        ]


@pytest.mark.parametrize(
    ("before", "limit"), [(Outcome.SECTION_17, "received"), (Outcome.EARLY_HELP, "opened again")]
)
def test_one_complete_before_it_was_opened_again_by_mistake_can_be_noted(
    change, before: Outcome, limit: str
) -> None:
    decided(change, 100)
    with change() as session:
        referral, actor = session.execute(select(Referral)).scalar_one(), staff_actor(session)
        if before is not Outcome.SECTION_17:
            decide(session, actor, referral, before, "Help first", now() - 80 * DAY)
        reopen(session, actor, referral, "The wrong one", now() - 10 * DAY, referral.version)
        decide(session, actor, referral, Outcome.SECTION_17, "As it was", now() - 10 * DAY)
        too_early = now() - (101 if before is Outcome.SECTION_17 else 20) * DAY
        with pytest.raises(Refused, match=f"before the referral was {limit}: correct"):
            complete(session, actor, referral, too_early, now())
        at = now() - (20 if before is Outcome.SECTION_17 else 5) * DAY
        complete(session, actor, referral, at, now())
        assert completed(session, referral.id)[0].holds


def test_a_cancelled_discussion_does_not_move_the_limit_of_the_referrals_own(
    change, signed_in
) -> None:
    """B2: the page and the first page say the same."""
    with change() as session:
        then = now() - 50 * DAY
        meeting = make_meeting(session, MeetingState.CANCELLED, at=now(), protocol="london")
        referral = session.get_one(Referral, meeting.referral_id)
        referral.received_at, referral.consent = then, ConsentState.GIVEN
        decide(session, staff_actor(session), referral, Outcome.SECTION_17, "Assess", now())
        due, ref = referral.assessment_due_at, referral.ref
    assert due is not None
    kept = restore(meeting.clocks).clocks[Clock.ASSESSMENT]
    assert isinstance(kept, Due) and kept.due_at != due
    page = signed_in(Role.CHAIR).get(f"/referrals/{ref}").text
    assert due.isoformat() in page and kept.due_at.isoformat() not in page
