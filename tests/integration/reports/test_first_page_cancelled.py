"""A cancelled discussion stays on the first page until somebody says what follows (G1)."""

from __future__ import annotations

from app.accounts.types import Role
from app.core.clock import now
from app.meetings.models import Delivery, Meeting, MeetingChild
from app.meetings.types import MeetingState, MessageKind
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import Referral
from app.referrals.types import (
    Outcome,
)
from tests.factories.mail import make_message
from tests.factories.meetings import make_known_child, make_meeting
from tests.page_form import form_of

AGAIN = "Cancelled: book it again"

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


def _cancelled_open_case(change) -> str:
    with change() as session:
        meeting = _cancelled(session)
        meeting.referral_id = None
        return meeting.ref


def test_a_cancelled_discussion_of_an_open_case_is_booked_again_on_the_same_clock(
    change, signed_in
) -> None:
    ref = _cancelled_open_case(change)
    desk = signed_in(Role.ADMINISTRATOR)
    assert f'href="/discussions/{ref}/again">{AGAIN}' in desk.get("/").text
    here = f"/discussions/{ref}/again"
    page = desk.get(here).text
    chair = signed_in(Role.CHAIR)
    page_of_chair = chair.get(here).text
    assert "No other discussion is needed" not in page  # for the manager to say
    answer = desk.post(here, data=form_of(page, here))
    assert answer.status_code == 303
    assert AGAIN not in desk.get("/").text
    with change() as session:
        old, new = session.query(Meeting).order_by(Meeting.id).all()
        assert answer.location == f"/discussions/{new.ref}/book"
        assert new.state is MeetingState.NEEDED
        assert (new.due_at, new.clocks, new.need_reason) == (
            old.due_at, old.clocks, old.need_reason,
        )  # fmt: skip
        assert [one.child_id for one in new.children] == [one.child_id for one in old.children]
    assert desk.get(f"/discussions/{ref}/again").status_code == 303
    # Two more tabs were open: neither books another, and what was written there is shown.
    late = f"/discussions/{ref}/not-needed"
    given = form_of(page_of_chair, late) | {"settled-reason": "The child moved away."}
    for there, sent in ((late, given), (here, form_of(page_of_chair, here))):
        answer = chair.post(there, data=sent)
        assert answer.status_code == 422
        assert answer.text.count("There is a problem") == 1
        assert "Somebody has settled meanwhile what follows" in answer.text
        assert "Book it again" not in answer.text
        assert ("The child moved away." in answer.text) == (there == late)


def test_a_later_discussion_of_one_child_does_not_hide_a_cancelled_one_of_another(
    change, signed_in
) -> None:
    ref = _cancelled_open_case(change)
    with change() as session:
        siblings = session.query(Meeting).one()
        brother = make_known_child(session, "Left", "Alone")
        taken, alone = [one.child_id for one in siblings.children], brother.id
        siblings.children.append(MeetingChild(child_id=alone, position=9))
        later = make_meeting(session, MeetingState.NEEDED, at=now())
        later.children = [
            MeetingChild(child_id=one, position=place) for place, one in enumerate(taken)
        ]
    desk = signed_in(Role.ADMINISTRATOR)
    here = f"/discussions/{ref}/again"
    assert f'href="{here}">{AGAIN}' in desk.get("/").text
    page = desk.get(here).text
    assert "Left Alone" in page
    answer = desk.post(here, data=form_of(page, here))
    assert answer.status_code == 303 and answer.location.endswith("/book")
    with change() as session:
        newest = session.query(Meeting).order_by(Meeting.id).all()[-1]
        assert [one.child_id for one in newest.children] == [alone]
    assert AGAIN not in desk.get("/").text
    assert desk.get(here).status_code == 303


def test_a_manager_says_why_no_other_discussion_is_needed(change, signed_in) -> None:
    ref = _cancelled_open_case(change)
    chair = signed_in(Role.CHAIR)
    page = chair.get(f"/discussions/{ref}/again").text
    without = chair.post(
        f"/discussions/{ref}/not-needed", data=form_of(page, f"/discussions/{ref}/not-needed")
    )
    assert without.status_code == 422
    assert "Say why no other discussion is needed" in without.text
    given = form_of(page, f"/discussions/{ref}/not-needed") | {
        "settled-reason": "The child moved to another area."
    }
    assert chair.post(f"/discussions/{ref}/not-needed", data=given).status_code == 303
    assert AGAIN not in chair.get("/").text


def test_one_held_before_does_not_hide_that_the_next_was_cancelled(change, signed_in) -> None:
    """The manager says whether another is needed, as in an open case; the decision stands."""
    with change() as session:
        held = make_meeting(session, MeetingState.SIGNED, at=now())
        referral = session.get_one(Referral, held.referral_id)
        referral.outcome = Outcome.STRATEGY_DISCUSSION
        ref = make_meeting(session, MeetingState.CANCELLED, at=now(), referral=referral).ref
        other = make_meeting(session, MeetingState.CANCELLED, at=now(), referral=referral).ref
    chair = signed_in(Role.CHAIR)
    page = chair.get("/").text
    assert page.count(AGAIN) == 1 and CANCELLED not in page
    assert f'href="/discussions/{other}/again">{AGAIN}' in page
    assert chair.get(f"/discussions/{ref}/again").status_code == 303  # a later one speaks for it
    here = f"/discussions/{other}/again"
    assert chair.post(here, data=form_of(chair.get(here).text, here)).status_code == 303
    assert AGAIN not in chair.get("/").text
    with change() as session:
        last = session.query(Meeting).order_by(Meeting.id.desc()).first()
        assert (last.state, last.referral_id) == (MeetingState.NEEDED, referral.id)
        last.state = MeetingState.CANCELLED
        here = f"/discussions/{last.ref}/again"
    settled = f"/discussions/{last.ref}/not-needed"
    given = form_of(chair.get(here).text, settled) | {"settled-reason": "He was found"}
    assert chair.post(settled, data=given).status_code == 303
    assert AGAIN not in chair.get("/").text


def test_what_did_not_arrive_is_not_sent_again_once_it_is_called_off(change, signed_in) -> None:
    """Whoever may have heard of it by another way is told on the telephone (D7)."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, at=now(), invitees=1)
        letter = outbox.enqueue(session, make_message(), now())
        session.flush()
        session.get_one(OutboxMessage, letter.id).state = MessageState.BOUNCED
        to, kind = meeting.invitees[0].id, MessageKind.INVITATION
        session.add(Delivery(invitee_id=to, message_id=letter.id, kind=kind, at=now()))
    desk = signed_in(Role.ADMINISTRATOR)
    assert "check the address, then send it again" in desk.get("/").text
    with change() as session:
        session.query(Meeting).one().state = MeetingState.CANCELLED
    page = desk.get("/").text
    assert "The discussion is cancelled. Telephone them" in page
    assert "send it again" not in page
