"""Which times are offered, best first: pure (C1, C4, B3)."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from app.core.clock import from_london, in_london, london_date, words_for_span
from app.meetings.booking.types import CaseFacts, Diary, FormatChoice, OfficeHours, Slot, Span
from app.meetings.types import Format
from app.protocols.working_days import BankHolidaysUnknown, is_working_day
from app.referrals.types import Concern, Flag

QUARTER = timedelta(minutes=15)
SPACING = timedelta(minutes=30)  # offers half an hour apart: a choice, not a list
NOTICE = timedelta(minutes=30)  # time to telephone everybody; given up when the deadline is near
TRAVEL = timedelta(minutes=30)  # to a meeting face to face, from another discussion or the office
MOST_A_DAY = 4
MOST_IN_TIME = 8
MOST_LATE = 3
MOST_LATE_OFF_HOURS = 2
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
    format_: Format = Format.CALL,
    needs_line: bool = True,
) -> list[Slot]:
    """Times that chair and line are free for, best first; times are UTC.

    First the earliest before the deadline that known people are free for too, then those outside
    somebody's working hours, then those at which somebody is in another discussion or away. Where
    office hours give none before the deadline (it passes at night or on a weekend), times outside
    are offered as such, and where none ends before it, those that begin before it. Last, a few
    after the deadline, which need a reason: in office hours, and where none of these comes before
    the deadline, outside them too, sooner than the next. Closure days take slots away; they never
    lengthen a clock. Without a deadline everything within a fortnight is in time. A meeting face to
    face needs no line, but half an hour to travel: before it, and between it and another
    discussion. A call with a dial-in of its own needs none either.
    """
    length = timedelta(minutes=minutes)
    travel = travel_to(format_)
    needs_line = needs_line and format_ is Format.CALL
    search = _Search(office, diary, length, due, travel, needs_line=needs_line)
    horizon = now + timedelta(days=DAYS_LOOKED_AT)
    last = horizon if due is None else min(due, horizon)
    in_time: list[Slot] = []
    for notice, hours, end in (
        (NOTICE + travel, Hours.OFFICE, last),
        (NOTICE + travel, Hours.WAKING, last),
        (timedelta(), Hours.WAKING, last),
        (timedelta(), Hours.ANY, last),
        (timedelta(), Hours.ANY, last + length),
    ):
        in_time = in_time or search.best(now + notice, end, hours, MOST_IN_TIME)
    late: list[Slot] = []
    if due is not None and due < horizon:
        soonest = max(due + timedelta(seconds=1), now + NOTICE + travel)
        late = search.best(soonest, horizon + length, Hours.OFFICE, MOST_LATE)
        if all(slot.out_of_hours for slot in in_time):
            # Nobody waits over a weekend for the office to open: children's services have a team
            # that works then (HO2014 Kent; IMAP 5).
            opens = next(search.starts(soonest, horizon + length, Hours.OFFICE), horizon)
            late += search.best(soonest, opens, Hours.WAKING, MOST_LATE_OFF_HOURS)
            late.sort(key=_rank)
    return in_time + late


def _rank(slot: Slot) -> tuple[int, datetime]:
    """As offers are ordered: everybody free, somebody not at work, somebody elsewhere."""
    return 2 if slot.busy else 1 if slot.not_at_work else 0, slot.start


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


def travel_to(format_: Format) -> timedelta:
    """What comes before and after a meeting face to face; a call needs none."""
    return timedelta() if format_ is Format.CALL else TRAVEL


def with_travel(format_: Format, start: datetime, end: datetime) -> Span:
    """The time it takes of whoever comes, with their way there and back."""
    travel = travel_to(format_)
    return start - travel, end + travel


def overlaps(one: Span, other: Span) -> bool:
    """Whether two spans share a moment; meeting end to start is no clash."""
    return one[0] < other[1] and other[0] < one[1]


def time_taken(
    starts_at: datetime | None, ends_at: datetime | None, started_at: datetime | None
) -> Span:
    """From when until when a discussion takes its people's time.

    One that was begun takes it from then: begun late, for as long as was planned; begun at once,
    with no end planned, for as long as one without another length (C11). Raises ValueError for
    one that has neither a time nor begun.
    """
    start = started_at or starts_at
    if start is None:
        raise ValueError("a discussion that has no time takes none")
    if starts_at is None or ends_at is None:
        return start, start + timedelta(minutes=DURATIONS[0])
    return start, max(ends_at, start + (ends_at - starts_at))


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
    in hospital (C3; BROMLEY 2, IMAP 6). Organised abuse and an allegation against staff are
    particularly complex by their kind, whether or not that is ticked (TIMING)."""
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
    by_kind = {
        Concern.ORGANISED_ABUSE: "organised abuse",
        Concern.ALLEGATION_AGAINST_STAFF: "an allegation against staff",
    }
    complex_ = [words for concern, words in by_kind.items() if concern in case.concerns]
    found = [words for flag, words in serious.items() if flag in case.flags] + complex_
    if found:
        return FormatChoice(
            Format.MEETING,
            f"A meeting rather than a conference call, because there is {' and '.join(found)}.",
            "BROMLEY 2; TIMING" if complex_ else "BROMLEY 2",
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
        travel: timedelta,
        *,
        needs_line: bool,
    ) -> None:
        self.office = office
        self.diary = diary
        self.length = length
        self.due = due
        self.travel = travel
        self.needs_line = needs_line

    def best(self, earliest: datetime, last: datetime, hours: Hours, most: int) -> list[Slot]:
        """Free times that begin at `earliest` or later and end by `last`: first those that
        everybody known is free for, then a few at which somebody is not."""
        # Outside office hours few are at work, and all the same there must be times to choose from.
        off_hours = most if hours is not Hours.OFFICE else MOST_WITH_SOMEBODY_BUSY
        free: list[Slot] = []
        ranked: list[tuple[list[Slot], int]] = [
            (free, most),
            ([], off_hours),
            ([], MOST_WITH_SOMEBODY_BUSY),
        ]
        for start in self.starts(earliest, last, hours):
            # Most times could not be offered beside those found: nothing is asked of them.
            if not any(_fits(offered, start, limit) for offered, limit in ranked):
                continue
            slot = self.slot(start, known_office=hours is Hours.OFFICE)
            if slot is None:
                continue
            offered, limit = ranked[2 if slot.busy else 1 if slot.not_at_work else 0]
            if _fits(offered, start, limit):
                offered.append(slot)
                if len(free) == most:
                    break
        return [slot for offered, _limit in ranked for slot in offered][:most]

    def starts(self, earliest: datetime, last: datetime, hours: Hours) -> Iterator[datetime]:
        """Quarters of an hour, in order, at which a discussion may begin and still end in these
        hours and by `last`. Day by day, so that nights and closed days cost nothing."""
        if hours is Hours.ANY:
            yield from _quarters(earliest, last - self.length)
            return
        day, end = london_date(earliest), london_date(last)
        while day <= end:
            if hours is Hours.WAKING or is_open(day, self.office):
                opens, closes = self.window(hours)
                first = max(earliest, from_london(datetime.combine(day, opens)))
                until = min(last, from_london(datetime.combine(day, closes)))
                yield from _quarters(first, until - self.length)
            day += timedelta(days=1)

    def window(self, hours: Hours) -> tuple[time, time]:
        if hours is Hours.WAKING:
            return WAKING_HOURS
        return self.office.opens, self.office.closes

    def slot(self, start: datetime, *, known_office: bool) -> Slot | None:
        """The offer of this time, or None where the chair or the lines rule it out."""
        end = start + self.length
        around = (start - self.travel, end + self.travel)
        if any(overlaps(around, busy) for busy in self.diary.chair):
            return None
        line_id, line_name = free_line(self.diary, start, end)
        if self.needs_line and line_id is None:
            return None
        busy = tuple(
            name
            for name, spans in self.diary.people.items()
            if any(overlaps(around, span) for span in spans)
        )
        away = tuple(name for name, until in self.diary.away.items() if until > start)
        off = self.not_at_work(start, end) if self.diary.hours else ()
        office_time = known_office or is_office_time(start, end, self.office)
        return Slot(
            start=start,
            end=end,
            line_id=line_id,
            line_name=line_name,
            why=self.why(start, line_name, busy, away, off, office_time=office_time),
            after_deadline=is_late(start, self.due),
            out_of_hours=not office_time,
            busy=(*busy, *away),
            not_at_work=off,
        )

    def not_at_work(self, start: datetime, end: datetime) -> tuple[str, ...]:
        # Told in local time once, and not for each of them.
        local = in_london(start), in_london(end)
        return tuple(name for name, hours in self.diary.hours if not hours.cover(*local))

    def why(
        self,
        start: datetime,
        line_name: str,
        busy: tuple[str, ...],
        away: tuple[str, ...],
        off: tuple[str, ...],
        *,
        office_time: bool,
    ) -> str:
        who = ["Chair", line_name] if line_name else ["Chair"]
        if self.diary.asked and not (busy or away or off):
            who.append("everybody asked")
        free = f"{', '.join(who[:-1])} and {who[-1]} free" if len(who) > 1 else "Chair free"
        if busy:
            near = " then or shortly before or after" if self.travel else ""
            free += f"; in another discussion{near}: {', '.join(busy)}"
        if away:
            free += f"; away: {', '.join(away)}"
        if off:
            free += f"; not at work then: {', '.join(off)}"
        if not office_time:
            free += ". Outside office hours: with the out-of-hours team"
        if self.due is not None and start <= self.due:
            free += f". {words_for_span(self.due - start)} before the deadline"
            if start + self.length > self.due:
                free += ", and over after it"
        return free


def _fits(offered: list[Slot], start: datetime, most: int) -> bool:
    """Whether a time may join: not where the list is full, the last one is too near, or its day
    has enough."""
    if len(offered) >= most or (offered and start < offered[-1].start + SPACING):
        return False
    if len(offered) < MOST_A_DAY:
        return True
    day = london_date(start)
    return sum(london_date(other.start) == day for other in offered) < MOST_A_DAY


def _quarters(earliest: datetime, last: datetime) -> Iterator[datetime]:
    start = _quarter_before(earliest)
    if start < earliest:
        start += QUARTER
    while start <= last:
        yield start
        start += QUARTER


def _quarter_before(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)
