"""Whom no letter tells of a booking, or of a change, is work until spoken to (C7, D7, G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading
from app.directory.models import Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking import changes
from app.meetings.calls import service as calls
from app.meetings.calls.letters import read_unreached
from app.meetings.calls.page import is_told, to_telephone
from app.meetings.calls.queries import calls_of
from app.meetings.calls.types import Outcome
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import Answer, MeetingState, MessageKind
from app.outbox import service as outbox
from app.outbox.types import MessageState
from app.reports import untold
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.mail import make_message
from tests.factories.meetings import make_invitee, make_meeting
from tests.integration.reports.first_page import line_of

UNTOLD = "Telephone them: no letter reaches them"


def _booked(change, *, without: int = 2, hours: int = 5) -> str:
    """A booked discussion with three beside the chair, of whom so many get no letter."""
    with change() as session:
        start = now() + timedelta(hours=hours)
        meeting = make_meeting(session, invitees=4, at=now() - timedelta(days=1), start=start)
        for one in _outside(meeting)[:without]:
            one.invitation_id = None
        return meeting.ref


def _outside(meeting: Meeting) -> list[Invitee]:
    return [one for one in meeting.invitees if one.staff_id is None]


def _held(session, ref: str) -> Meeting:
    return session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()


def _news(change, ref: str) -> None:
    with change() as session:
        for one in _held(session, ref).invitees:
            one.news_at = now()


def test_whoever_no_letter_tells_of_a_change_is_work_until_spoken_to(change, signed_in) -> None:
    ref = _booked(change)
    desk = signed_in(Role.ADMINISTRATOR)
    _news(change, ref)
    with change() as session:
        first, second, _ = _outside(_held(session, ref))
        names, staff = (first.name, second.name), make_member(make_staff(session))
    page = desk.get("/").text
    line = line_of(page.partition("Booked discussions")[0], ref)
    assert line.startswith(UNTOLD) and "left" in line
    assert f"2 people were not told of the last change: {', '.join(names)}." in line
    assert f'href="/discussions/{ref}/calls">{UNTOLD}' in page
    waits = signed_in(Role.SOCIAL_WORKER).get("/").text.partition("Waits on colleagues")[2]
    assert UNTOLD in waits
    for which, outcome in ((0, Outcome.NO_ANSWER), (0, Outcome.SPOKE)):
        with change() as session:
            whom = _outside(_held(session, ref))[which]
            calls.telephoned(session, staff, whom, outcome, "", now())
    assert f"1 person was not told of the last change: {names[1]}." in desk.get("/").text
    with change() as session:
        second = _outside(_held(session, ref))[1]
        second.answer, second.answered_at = Answer.ATTEND, now()
    assert UNTOLD not in desk.get("/").text


@pytest.mark.parametrize("by", ["a call", "an answer"])
def test_whoever_no_letter_tells_of_the_booking_is_work_until_they_know(
    change, signed_in, by
) -> None:
    """G1, D7: the first call as well as those after a change."""
    ref = _booked(change, without=1)
    desk = signed_in(Role.ADMINISTRATOR)
    with change() as session:
        meeting = _held(session, ref)
        name, staff = _outside(meeting)[0].name, make_member(make_staff(session))
        assert _as_the_sheet_says(session, meeting)
    page = desk.get("/").text
    assert f'href="/discussions/{ref}/calls">{UNTOLD}' in page
    assert f"1 person was not told that it is booked: {name}." in page
    with change() as session:
        one = _outside(_held(session, ref))[0]
        calls.telephoned(session, staff, one, Outcome.NO_ANSWER, "", now())
    assert UNTOLD in desk.get("/").text
    with change() as session:
        one = _outside(_held(session, ref))[0]
        if by == "a call":
            calls.telephoned(session, staff, one, Outcome.SPOKE, "", now())
        else:
            one.answer = Answer.ATTEND
    assert UNTOLD not in desk.get("/").text


def test_whoever_joined_while_people_talked_is_not_asked_to_come(change) -> None:
    ref = _booked(change, without=1)
    with change() as session:
        meeting = _held(session, ref)
        _outside(meeting)[0].joined = True
        session.flush()
        assert not _is_work(session, meeting)


def test_of_one_that_is_cancelled_until_its_time_has_passed(change, signed_in) -> None:
    ahead, past = _booked(change), _booked(change, hours=-1)
    with change() as session:
        staff = make_member(make_staff(session))
        for ref in (ahead, past):
            changes.cancel(session, staff, ref, "Moved to another area", SENDER, now())
    page = signed_in(Role.ADMINISTRATOR).get("/").text
    assert page.count(UNTOLD) == 1
    assert f'href="/discussions/{ahead}/calls">{UNTOLD}' in page
    assert "2 people were not told that it is cancelled: " in page


def _mail(session, invitee: Invitee, *sent: tuple[MessageKind, MessageState]) -> None:
    for kind, state in sent:
        message = outbox.enqueue(session, make_message(), now())
        message.state = state
        session.add(Delivery(invitee_id=invitee.id, message_id=message.id, kind=kind, at=now()))
        session.flush()


INVITED, UPDATED = MessageKind.INVITATION, MessageKind.UPDATE
BOUNCED, SENT = MessageState.BOUNCED, MessageState.SENT


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([(INVITED, SENT), (UPDATED, SENT)], False),
        ([(INVITED, BOUNCED), (UPDATED, SENT)], True),
        ([(INVITED, BOUNCED), (INVITED, SENT), (UPDATED, SENT)], False),
        ([(INVITED, BOUNCED), (INVITED, BOUNCED)], True),
        ([(INVITED, SENT), (UPDATED, BOUNCED)], True),
    ],
)
def test_letters_that_fail_tell_nobody(change, sent, expected) -> None:
    ref = _booked(change, without=0)
    _news(change, ref)
    with change() as session:
        meeting = _held(session, ref)
        _mail(session, _outside(meeting)[0], *sent)
        assert _is_work(session, meeting) is expected
        assert _as_the_sheet_says(session, meeting)


def _is_work(session, meeting: Meeting) -> bool:
    rows = session.execute(untold.OF_DISCUSSIONS, {"now": now()}).all()
    return meeting.id in untold.untold(session, [row.id for row in rows])


def _as_the_sheet_says(session, meeting: Meeting) -> bool:
    """The first page names whom the call sheet asks for and nobody else."""
    unreached = read_unreached(session, meeting)
    made = calls_of(session, meeting.id)
    asked = [
        one.name
        for one in to_telephone(meeting, unreached)
        if one.id in unreached
        and (one.news_at is not None or (one.invitation_id is None and not one.joined))
        and not is_told(one, [call for call in made if call.invitee_id == one.id], unreached)
    ]
    said = untold.untold(session, [meeting.id]).get(meeting.id, "")
    return said.partition(": ")[2].rstrip(".") == ", ".join(asked)


def _removed(session, meeting: Meeting, one: Invitee) -> None:
    one.removed_at, one.removed_reason = now(), "Another school"


def _colleague(session, meeting: Meeting, one: Invitee) -> None:
    one.answer, one.answered_at = Answer.DEPUTY, now() - timedelta(days=1)


def _wrong(session, meeting: Meeting, one: Invitee) -> None:
    _removed(session, meeting, one)
    one.wrong_address = True


def _asked_again(session, meeting: Meeting, one: Invitee) -> None:
    person = session.get_one(Professional, one.professional_id)
    _removed(session, meeting, one)
    session.flush()
    make_invitee(session, meeting, person=person)


def _typed_again(session, meeting: Meeting, one: Invitee) -> None:
    _removed(session, meeting, one)
    one.professional_id = None
    again = make_invitee(session, meeting, ProfessionalRole.SAFEGUARDING_LEAD, AgencyKind.EDUCATION)
    again.professional_id, again.name, again.telephone = None, one.name, one.telephone


def _answered_before(session, meeting: Meeting, one: Invitee) -> None:
    one.answer, one.answered_at = Answer.ATTEND, now() - timedelta(hours=2)


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.CANCELLED])
@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (_removed, True), (_answered_before, True), (_colleague, False), (_wrong, False),
        (_asked_again, False), (_typed_again, False),
    ],
)  # fmt: skip
def test_whom_the_call_sheet_asks_for_is_work(change, happened, expected, state) -> None:
    ref = _booked(change, without=1)
    _news(change, ref)
    with change() as session:
        meeting = _held(session, ref)
        happened(session, meeting, _outside(meeting)[0])
        meeting.state = state
        session.flush()
        session.expire_all()
        assert _is_work(session, meeting) is expected
        assert _as_the_sheet_says(session, meeting)


def test_what_was_called_off_long_ago_is_not_read(in_app) -> None:
    """The page must not grow with the past: the index of times bounds it."""
    session = reading()
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("the plan of the other database depends on how many rows there are")
    statement = str(
        untold.OF_DISCUSSIONS.compile(
            session.get_bind(), compile_kwargs={"render_postcompile": True}
        )
    )
    plan = session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {statement}", ("",) * statement.count("?")
    )
    words = " ".join(row[-1] for row in plan)
    assert "ix_meeting_starts" in words and "SCAN" not in words and "TEMP B-TREE" not in words
