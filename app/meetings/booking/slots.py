"""Which times are offered, best first: pure (C1, C4, B3)."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from app.core.clock import LONDON, in_london, london_date
from app.meetings.booking.types import CaseFacts, Diary, FormatChoice, OfficeHours, Slot, Span
from app.meetings.types import Format
from app.protocols.working_days import BankHolidaysUnknown, is_working_day
from app.referrals.types import Flag

QUARTER = timedelta(minutes=15)
SPACING = timedelta(minutes=30)  # offers half an hour apart: a choice, not a list
NOTICE = timedelta(minutes=30)  # time to telephone everybody; given up when the deadline is near
MOST_A_DAY = 4
MOST_IN_TIME = 8
MOST_LATE = 3
MOST_WITH_SOMEBODY_BUSY = 3
DAYS_LOOKED_AT = 14
# Nobody is asked to a discussion in the middle of the night unless nothing else keeps the time.
WAKING_HOURS = (time(8), time(21))
DURATIONS = (45, 60)


def slots(
    now: datetime,
    due: datetime | None,
    office: OfficeHours,
    diary: Diary,
    minutes: int,
    *,
    needs_line: bool = True,
) -> list[Slot]:
    """Times that chair and line are free for, best first; times are UTC.

    First the earliest before the deadline that known people are free for too, then those at
    which somebody is in another discussion. Where office hours give none before the deadline
    (it passes at night or on a weekend), times outside are offered as such. Last, a few after
    the deadline, which need a reason. Closure days take slots away; they never lengthen a clock.
    Without a deadline everything within a fortnight is in time.
    """
    length = timedelta(minutes=minutes)
    search = _Search(office, diary, length, due, needs_line)
    horizon = now + timedelta(days=DAYS_LOOKED_AT)
    last = horizon if due is None else min(due, horizon)
    in_time: list[Slot] = []
    for notice, hours in (
        (NOTICE, Hours.OFFICE),
        (NOTICE, Hours.WAKING),
        (timedelta(), Hours.WAKING),
        (timedelta(), Hours.ANY),
    ):
        in_time = in_time or search.best(now + notice, last, hours, MOST_IN_TIME)
    late: list[Slot] = []
    if due is not None and due < horizon:
        late = search.best(max(due, now + NOTICE), horizon, Hours.OFFICE, MOST_LATE, late=True)
    return in_time + late


def quarters_of(start: datetime, end: datetime) -> list[datetime]:
    """The quarters of an hour that a discussion takes on a line, in UTC (C4)."""
    first = _quarter_before(start)
    count = -((first - end) // QUARTER)
    return [first + n * QUARTER for n in range(count)]


def free_line(diary: Diary, start: datetime, end: datetime) -> tuple[int | None, str]:
    """The first line that nobody has in this time, with its name; None where there is none."""
    wanted = frozenset(quarters_of(start, end))
    for line_id, name in diary.lines:
        if wanted.isdisjoint(diary.taken.get(line_id, frozenset())):
            return line_id, name
    return None, ""


def overlaps(one: Span, other: Span) -> bool:
    """Whether two spans share a moment; meeting end to start is no clash."""
    return one[0] < other[1] and other[0] < one[1]


def is_office_time(start: datetime, end: datetime, office: OfficeHours) -> bool:
    """Whether the whole of it lies in office hours of a working day that is no closure day."""
    local = in_london(start)
    if not office.opens <= local.time() < office.closes:
        return False  # most of the day: asked first, for every quarter of a fortnight
    until = in_london(end)
    return (
        local.date() == until.date()
        and until.time() <= office.closes
        and is_open(local.date(), office)
    )


def is_open(day: date, office: OfficeHours) -> bool:
    """Whether the council works that day. Past the published bank holidays, weekdays count."""
    if day in office.closure_days:
        return False
    try:
        return is_working_day(day)
    except BankHolidaysUnknown:
        return day.weekday() < 5


def is_late(start: datetime, due: datetime | None) -> bool:
    """Whether a discussion that begins then begins after its deadline (C7)."""
    return due is not None and start > due


def format_for(case: CaseFacts) -> FormatChoice:
    """A meeting rather than a call for serious or complex concerns; at the hospital for a child
    in hospital (C3; BROMLEY 2, IMAP 6)."""
    if Flag.IN_HOSPITAL in case.flags:
        return FormatChoice(
            Format.HOSPITAL,
            "A child is in hospital, so the strategy meeting takes place there.",
            "IMAP 6",
        )
    serious = {
        Flag.SERIOUS_HARM: "a serious risk of harm",
        Flag.PENETRATIVE_SEXUAL_ABUSE: "an allegation of penetrative sexual abuse",
        Flag.COMPLEX: "particularly complex concerns",
    }
    found = [words for flag, words in serious.items() if flag in case.flags]
    if found:
        return FormatChoice(
            Format.MEETING,
            f"A meeting rather than a conference call, because there is {' and '.join(found)}.",
            "BROMLEY 2",
        )
    return FormatChoice(
        Format.CALL, "No serious or complex concern is marked, so a call will do.", "BROMLEY 2"
    )


class Hours(enum.Enum):
    OFFICE = "office"
    WAKING = "waking"
    ANY = "any"


class _Search:
    def __init__(
        self,
        office: OfficeHours,
        diary: Diary,
        length: timedelta,
        due: datetime | None,
        needs_line: bool,
    ) -> None:
        self.office = office
        self.diary = diary
        self.length = length
        self.due = due
        self.needs_line = needs_line

    def best(
        self, earliest: datetime, last: datetime, hours: Hours, most: int, *, late: bool = False
    ) -> list[Slot]:
        """Free times that begin at `earliest` or later and end by `last`: first those that
        everybody known is free for, then a few at which somebody is not."""
        free: list[Slot] = []
        somebody_busy: list[Slot] = []
        for start in _quarters_from(earliest, last - self.length):
            if late and not is_late(start, self.due):
                continue
            slot = self.slot(start, hours)
            if slot is None:
                continue
            if slot.busy:
                _offer(somebody_busy, slot, MOST_WITH_SOMEBODY_BUSY)
            else:
                _offer(free, slot, most)
            if len(free) == most:
                break
        return free + somebody_busy[: max(0, most - len(free))]

    def slot(self, start: datetime, hours: Hours) -> Slot | None:
        """The offer of this time, or None where hours, chair or lines rule it out."""
        end = start + self.length
        office_time = is_office_time(start, end, self.office)
        if not office_time and (
            hours is Hours.OFFICE or (hours is Hours.WAKING and not _is_waking(start, end))
        ):
            return None
        if any(overlaps((start, end), busy) for busy in self.diary.chair):
            return None
        line_id, line_name = free_line(self.diary, start, end)
        if self.needs_line and line_id is None:
            return None
        busy = tuple(
            name
            for name, spans in self.diary.people.items()
            if any(overlaps((start, end), span) for span in spans)
        )
        return Slot(
            start=start,
            end=end,
            line_id=line_id,
            line_name=line_name,
            why=_why(line_name, busy, office_time=office_time),
            after_deadline=is_late(start, self.due),
            out_of_hours=not office_time,
            busy=busy,
        )


def _offer(offered: list[Slot], slot: Slot, most: int) -> None:
    """Add a slot unless the list is full, its day has enough, or the last one is too near."""
    day = london_date(slot.start)
    if (
        len(offered) < most
        and sum(london_date(other.start) == day for other in offered) < MOST_A_DAY
        and (not offered or slot.start >= offered[-1].start + SPACING)
    ):
        offered.append(slot)


def _why(line_name: str, busy: tuple[str, ...], *, office_time: bool) -> str:
    free = f"Chair and {line_name} free" if line_name else "Chair free"
    if busy:
        free += f"; in another discussion: {', '.join(busy)}"
    return free if office_time else f"{free}. Outside office hours"


def _quarters_from(earliest: datetime, last: datetime) -> Iterator[datetime]:
    start = _quarter_before(earliest)
    if start < earliest:
        start += QUARTER
    while start <= last:
        yield start
        start += QUARTER


def _quarter_before(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)


def _is_waking(start: datetime, end: datetime) -> bool:
    local, until = start.astimezone(LONDON), end.astimezone(LONDON)
    return (
        local.date() == until.date()
        and WAKING_HOURS[0] <= local.time()
        and until.time() <= WAKING_HOURS[1]
    )
