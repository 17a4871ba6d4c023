"""What the first page speaks of: also of what would otherwise be forgotten (G1)."""

from __future__ import annotations

from app.accounts.types import Role
from app.core.clock import now
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.referrals.types import Outcome
from tests.factories.meetings import make_meeting

CANCELLED = "Cancelled: say what follows"


def _cancelled(session) -> Meeting:
    meeting = make_meeting(session, MeetingState.CANCELLED, at=now())
    assert meeting.referral_id is not None
    session.get_one(Referral, meeting.referral_id).outcome = Outcome.STRATEGY_DISCUSSION
    return meeting


def test_a_cancelled_discussion_is_spoken_of_until_it_is_settled(change, signed_in) -> None:
    with change() as session:
        meeting = _cancelled(session)
        meeting_id, referral_id = meeting.id, meeting.referral_id
        ref = session.get_one(Referral, referral_id).ref
    chair, desk = signed_in(Role.CHAIR), signed_in(Role.ADMINISTRATOR)
    page = chair.get("/").text
    assert CANCELLED in page
    assert f'href="/referrals/{ref}"' in page
    assert CANCELLED in desk.get("/").text.partition("Waits on colleagues")[2]
    with change() as session:
        referral = session.get_one(Referral, referral_id)
        make_meeting(session, MeetingState.NEEDED, at=now(), referral=referral)
    assert CANCELLED not in chair.get("/").text
    with change() as session:
        later = session.query(Meeting).filter(Meeting.id != meeting_id).one()
        later.state = MeetingState.CANCELLED
    assert chair.get("/").text.count(CANCELLED) == 1
    with change() as session:
        session.get_one(Referral, referral_id).outcome = Outcome.SECTION_17
    assert CANCELLED not in chair.get("/").text


def test_one_that_was_held_is_not_asked_for_again(change, signed_in) -> None:
    with change() as session:
        meeting = _cancelled(session)
        referral = session.get_one(Referral, meeting.referral_id)
        make_meeting(session, MeetingState.SIGNED, at=now(), referral=referral)
    assert CANCELLED not in signed_in(Role.CHAIR).get("/").text
