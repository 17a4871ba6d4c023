"""Taking a conference line and a PIN: the database refuses a second taker (C4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.clock import words_for_day, words_for_moment, words_for_time
from app.core.database import table
from app.core.refusal import Refused
from app.directory import queries as directory
from app.directory.models import LinePin
from app.meetings.booking import diary_queries as queries
from app.meetings.booking.concerned import normal_dial_in
from app.meetings.booking.queries import office_hours
from app.meetings.booking.slots import DAYS_LOOKED_AT, quarters_of, slots
from app.meetings.booking.types import Diary, Slot, TypedDialIn
from app.meetings.models import LineQuarter, Meeting
from app.meetings.types import Format

NEXT_SLOTS = 3
_PIN = table(LinePin)
_TAKE = insert(table(LineQuarter))
_NEXT_PIN = (
    select(_PIN.c.id)
    .where(_PIN.c.line_id == bindparam("line"), _PIN.c.used_at.is_(None))
    .order_by(_PIN.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_ANY_PIN = (
    select(_PIN.c.id)
    .where(_PIN.c.line_id == bindparam("line_id"), _PIN.c.used_at.is_(None))
    .limit(1)
)
_USE_PIN = (
    update(_PIN)
    .where(_PIN.c.id == _NEXT_PIN)
    .values(used_at=bindparam("moment"))
    .returning(_PIN.c.id)
)


def take_line(session: Session, meeting: Meeting, wanted: int | None, now: datetime) -> None:
    """Give the discussion a line for its time: the wanted one, else its own, else the first free.

    Quarters that it held before are let go. Keeps the PIN while the line stays the same; another
    line means the next PIN of that line's list. A meeting face to face does without a line where
    none is free. Raises Refused naming who has the line and the next slots.
    """
    if meeting.starts_at is None or meeting.ends_at is None:
        raise ValueError("a discussion needs a time before it can have a line")
    # What is decided here is written once, at the end, not before each question.
    with session.no_autoflush:
        if meeting.line_id is not None:
            free_line(session, meeting)
        quarters = quarters_of(meeting.starts_at, meeting.ends_at)
        usable = queries.lines_with_pins(session, meeting)
        if wanted is not None and wanted not in {line_id for line_id, _name in usable}:
            raise Refused("line", _why_not_usable(session, wanted))
        taken = _take_first(session, meeting, usable, wanted, quarters, now)
        if not taken and meeting.format is not Format.CALL and wanted is None:
            meeting.line_id = meeting.pin_id = None
            taken = True
    if taken:
        session.flush()
        return
    raise Refused(
        "line" if wanted else "slot",
        _why_taken(session, meeting, usable, wanted, quarters, now),
    )


def _take_first(
    session: Session,
    meeting: Meeting,
    usable: Sequence[tuple[int, str]],
    wanted: int | None,
    quarters: Sequence[datetime],
    now: datetime,
) -> bool:
    for line_id, _name in usable:
        if wanted in (None, line_id) and _take_quarters(session, meeting, line_id, quarters):
            if line_id != meeting.line_id:
                meeting.line_id, meeting.pin_id = line_id, None
                meeting.typed_dial_in = None
            if meeting.pin_id is None:
                meeting.pin_id = _take_pin(session, line_id, now)
            return True
    return False


def take_typed(session: Session, meeting: Meeting, typed: TypedDialIn) -> None:
    """Another dial-in instead of a line of the council's: nothing is taken (C4, C11).

    Raises Refused for a number that is none, or a PIN that is not four to twelve digits.
    """
    text = normal_dial_in(typed)
    if meeting.line_id is not None:
        free_line(session, meeting)
    meeting.line_id = meeting.pin_id = None
    meeting.typed_dial_in = text
    session.flush()


def free_line(session: Session, meeting: Meeting) -> None:
    """Let the line's quarters go; the PIN stays the discussion's own."""
    session.execute(delete(LineQuarter).where(LineQuarter.meeting_id == meeting.id))


def new_pin(session: Session, meeting: Meeting, now: datetime) -> bool:
    """The next PIN of the line's list, so that somebody removed cannot dial in (C4).

    False where the discussion has no line. Raises Refused when the list is used up.
    """
    if meeting.line_id is None:
        return False
    meeting.pin_id = _take_pin(session, meeting.line_id, now)
    session.flush()
    return True


def unused_pins(session: Session, line_id: int) -> bool:
    """Whether the line's list holds another PIN."""
    return session.execute(_ANY_PIN, {"line_id": line_id}).first() is not None


def _take_quarters(
    session: Session, meeting: Meeting, line_id: int, quarters: Sequence[datetime]
) -> bool:
    # Of two at once the primary key lets one in; the savepoint keeps the rest of the change. On
    # the connection, because the session would write everything it holds first.
    connection = session.connection()
    try:
        with connection.begin_nested():
            connection.execute(
                _TAKE,
                [
                    {"line_id": line_id, "quarter": quarter, "meeting_id": meeting.id}
                    for quarter in quarters
                ],
            )
    except IntegrityError:
        return False
    return True


def _take_pin(session: Session, line_id: int, now: datetime) -> int:
    asked = {"line": line_id, "moment": now}
    pin_id: int | None = session.execute(_USE_PIN, asked).scalar_one_or_none()
    if pin_id is None:
        raise Refused("line", _why_not_usable(session, line_id))
    return pin_id


def _why_not_usable(session: Session, line_id: int) -> str:
    line = directory.line(session, line_id)
    if line is None or line.ended_at is not None:
        return "That conference line is no longer in use: choose another"
    return (
        f"{line.name} has no unused PIN left: choose another line, or add PINs in the council "
        "settings"
    )


def _why_taken(
    session: Session,
    meeting: Meeting,
    usable: Sequence[tuple[int, str]],
    wanted: int | None,
    quarters: Sequence[datetime],
    now: datetime,
) -> str:
    if not usable:
        return "No conference line with an unused PIN: add one in the council settings"
    asked = [(line_id, name) for line_id, name in usable if wanted in (None, line_id)]
    said = []
    for line_id, name in asked:
        holder = queries.holder_of(session, line_id, quarters)
        if holder is None or holder.starts_at is None or holder.ends_at is None:
            continue
        chair = f", chaired by {holder.chair}" if holder.chair else ""
        said.append(
            f"{name} is taken by {holder.ref}{chair}, from {words_for_time(holder.starts_at)} to "
            f"{words_for_time(holder.ends_at)} on {words_for_day(holder.starts_at)}"
        )
    offered = _next_slots(session, meeting, asked, now)
    then = (
        f". Next free: {'; '.join(words_for_moment(slot.start) for slot in offered)}"
        if offered
        else ""
    )
    return "; ".join(said) + then


def _next_slots(
    session: Session, meeting: Meeting, lines: Sequence[tuple[int, str]], now: datetime
) -> list[Slot]:
    if meeting.starts_at is None or meeting.ends_at is None:
        return []
    until = now + timedelta(days=DAYS_LOOKED_AT + 1)
    held = queries.diary(session, meeting, meeting.chair_id, (), now, until)
    minutes = int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
    of_lines = Diary(lines=tuple(lines), taken=held.taken, chair=held.chair)
    council = directory.council(session)
    office = office_hours(council.office_opens, council.office_closes, council.closure_days)
    return slots(now, meeting.due_at, office, of_lines, minutes)[:NEXT_SLOTS]
