"""What is taken already: quarters of lines, meetings of the chair and of the invitees (C1, C4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import any_of, table
from app.directory.models import ConferenceLine, LinePin
from app.meetings.booking.cautions import ABSENT
from app.meetings.booking.slots import QUARTER, overlaps, time_taken
from app.meetings.booking.types import Diary, HeldMeeting, Span
from app.meetings.models import Invitee, LineQuarter, Meeting
from app.meetings.types import MeetingState

_MEETING, _INVITEE, _STAFF = table(Meeting), table(Invitee), table(Staff)
_LINE, _PIN, _QUARTER = table(ConferenceLine), table(LinePin), table(LineQuarter)
_USABLE = and_(
    _LINE.c.ended_at.is_(None),
    or_(
        _LINE.c.id == bindparam("own", type_=Integer),
        exists().where(_PIN.c.line_id == _LINE.c.id, _PIN.c.used_at.is_(None)),
    ),
)
_LINES = select(_LINE.c.id, _LINE.c.name).where(_USABLE).order_by(_LINE.c.name, _LINE.c.id)
_LINES_AND_QUARTERS = (
    select(_LINE.c.id, _LINE.c.name, _LINE.c.telephone, _QUARTER.c.quarter)
    .outerjoin(
        _QUARTER,
        and_(
            _QUARTER.c.line_id == _LINE.c.id,
            _QUARTER.c.quarter >= bindparam("first"),
            _QUARTER.c.quarter <= bindparam("last"),
            _QUARTER.c.meeting_id != bindparam("meeting_id"),
        ),
    )
    .where(_USABLE)
    .order_by(_LINE.c.name, _LINE.c.id)
)
# No discussion lasts that long: what is over is not gone through, however many there are.
_LONGEST = timedelta(days=1)


def _is(state: MeetingState) -> ColumnElement[bool]:
    """Written out, so that the index of the discussions in that state serves."""
    of = _MEETING.c.state.type
    return _MEETING.c.state == bindparam(None, state, type_=of, literal_execute=True)


_BOOKED_THEN = and_(
    _is(MeetingState.BOOKED),
    _MEETING.c.starts_at >= bindparam("earliest"),
    _MEETING.c.starts_at <= bindparam("last"),
    _MEETING.c.ends_at >= bindparam("first"),
    _MEETING.c.id != bindparam("meeting_id"),
)
# How long it takes is known only beside when it was begun: those few are gone through.
_UNDER_WAY = and_(
    _is(MeetingState.UNDER_WAY),
    _MEETING.c.started_at >= bindparam("earliest"),
    _MEETING.c.started_at <= bindparam("last"),
    _MEETING.c.id != bindparam("meeting_id"),
)
_WHEN = (_MEETING.c.starts_at, _MEETING.c.ends_at, _MEETING.c.started_at)


def _chaired(then: ColumnElement[bool]) -> Select[Any]:
    # The chair's have no name.
    return select(null().label("name"), *_WHEN).where(
        _MEETING.c.chair_id == bindparam("chair"), then
    )


def _invited_to(then: ColumnElement[bool]) -> Select[Any]:
    return (
        select(_INVITEE.c.name, *_WHEN)
        .join(_MEETING, _MEETING.c.id == _INVITEE.c.meeting_id)
        .where(
            _INVITEE.c.professional_id.in_(bindparam("people", expanding=True)),
            # A duty desk takes part in several at once; one person cannot.
            _INVITEE.c.is_team.is_(False),
            _INVITEE.c.removed_at.is_(None),
            _INVITEE.c.answer.not_in(any_of(ABSENT)),
            # Of these people those few alone, not everything they were ever invited to.
            _INVITEE.c.meeting_id.in_(select(_MEETING.c.id).where(then)),
        )
    )


_ELSEWHERE = union_all(
    *(which(then) for which in (_chaired, _invited_to) for then in (_BOOKED_THEN, _UNDER_WAY))
)
_A_HOLDER = (_MEETING.c.ref, _MEETING.c.starts_at, _MEETING.c.ends_at, _STAFF.c.name)
_HOLDER = (
    select(*_A_HOLDER)
    .join(_QUARTER, _QUARTER.c.meeting_id == _MEETING.c.id)
    .outerjoin(_STAFF, _STAFF.c.id == _MEETING.c.chair_id)
    .where(
        _QUARTER.c.line_id == bindparam("line_id"),
        _QUARTER.c.quarter.in_(bindparam("quarters", expanding=True)),
    )
    .order_by(_QUARTER.c.quarter)
    .limit(1)
)
_CHAIRS = select(_MEETING.c.ref, *_WHEN, _STAFF.c.name).join(
    _STAFF, _STAFF.c.id == _MEETING.c.chair_id
)
_CHAIRED_AT = union_all(
    *(_CHAIRS.where(_MEETING.c.chair_id == bindparam("chair"), then)
      for then in (_BOOKED_THEN, _UNDER_WAY))
)  # fmt: skip


_ON_LINE = select(func.count(_QUARTER.c.meeting_id.distinct()), func.max(_QUARTER.c.quarter)).where(
    _QUARTER.c.line_id == bindparam("line_id"), _QUARTER.c.quarter > bindparam("after")
)


class Holder(NamedTuple):
    """The discussion that has a line at some time."""

    ref: str
    starts_at: datetime | None
    ends_at: datetime | None
    chair: str | None


def diary(
    session: Session,
    meeting: HeldMeeting | Meeting,
    chair_id: int | None,
    people: Collection[int],
    first: datetime,
    last: datetime,
) -> Diary:
    """What is taken of chair, lines and people of the directory between two moments, this
    discussion's own line and time left aside (C1)."""
    within = {
        "meeting_id": meeting.id, "first": first, "last": last, "earliest": first - _LONGEST,
    }  # fmt: skip
    names: dict[int, str] = {}
    telephones: dict[int, str] = {}
    taken: defaultdict[int, list[datetime]] = defaultdict(list)
    for line_id, name, telephone, quarter in session.execute(
        _LINES_AND_QUARTERS, {**within, "own": meeting.line_id}
    ):
        names[line_id], telephones[line_id] = name, telephone
        if quarter is not None:
            taken[line_id].append(quarter)
    chaired: list[Span] = []
    busy: defaultdict[str, list[Span]] = defaultdict(list)
    if chair_id is not None or people:
        for name, *when in session.execute(
            # No member of staff has the number 0.
            _ELSEWHERE,
            {**within, "chair": chair_id or 0, "people": list(people)},
        ):
            (chaired if name is None else busy[name]).append(time_taken(*when))
    return Diary(
        lines=_own_first(names, meeting.line_id),
        telephones=telephones,
        taken={line_id: frozenset(quarters) for line_id, quarters in taken.items()},
        chair=tuple(chaired),
        people={name: tuple(spans) for name, spans in busy.items()},
    )


def lines_with_pins(session: Session, meeting: Meeting) -> tuple[tuple[int, str], ...]:
    """Lines that can be taken: its own first, then those with a PIN left, by name (C4)."""
    rows = session.execute(_LINES, {"own": meeting.line_id})
    return _own_first({line.id: line.name for line in rows}, meeting.line_id)


def _own_first(names: dict[int, str], own: int | None) -> tuple[tuple[int, str], ...]:
    return tuple(sorted(names.items(), key=lambda line: line[0] != own))


def holder_of(session: Session, line_id: int, quarters: Collection[datetime]) -> Holder | None:
    """Which discussion has the line in one of these quarters."""
    asked = {"line_id": line_id, "quarters": list(quarters)}
    row = session.execute(_HOLDER, asked).first()
    return None if row is None else Holder(*row)


def booked_on_line(session: Session, line_id: int, now: datetime) -> tuple[int, datetime] | None:
    """How many discussions have the line from now on, and until when; None where none has it."""
    asked = {"line_id": line_id, "after": now - QUARTER}
    count, last = session.execute(_ON_LINE, asked).one()
    return (count, last + QUARTER) if count else None


def chaired_at(
    session: Session, chair_id: int, start: datetime, end: datetime, but: int
) -> Holder | None:
    """Another discussion, booked or under way, that this person chairs at that time."""
    asked = {
        "chair": chair_id, "first": start, "last": end, "meeting_id": but,
        "earliest": start - _LONGEST,
    }  # fmt: skip
    for ref, *when, name in session.execute(_CHAIRED_AT, asked):
        taken = time_taken(*when)
        if overlaps((start, end), taken):
            return Holder(ref, *taken, name)
    return None
