"""The published rules of the section 47 part of the children in need census: pure (G4).

Sources: Children in need census 2025 to 2026, technical specification and validation rules
(Department for Education), by their numbers; Working Together to Safeguard Children for the 15
working days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from app.core.refusal import Refused
from app.protocols.working_days import BankHolidaysUnknown, add_working_days, in_words
from app.reports.returns.types import Enquiry, Problem, Where, Year

TARGET_DAYS = 15
LONGEST_ID = 20  # LAchildID
SATURDAY = 5
BEFORE_BIRTH = timedelta(days=280)
UNBORN_FROM, UNBORN_UNTIL = -30, 275  # days from the end of the year: a month back, nine ahead


def year_of(day: date) -> Year:
    """The census year in which a day lies."""
    return Year(day.year + (day >= date(day.year, 4, 1)))


def year_asked(text: str, today: date) -> Year:
    """The year that an address asks for, between ten years ago and now; else the current one."""
    now = year_of(today)
    asked = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else now.ends
    return Year(asked) if now.ends - 10 <= asked <= now.ends else now


def target_of(started_on: date) -> date | None:
    """InitialCPCtarget: 15 working days after the strategy discussion that started section 47.

    None where bank holidays are not published that far.
    """
    try:
        return add_working_days(started_on, TARGET_DAYS)
    except BankHolidaysUnknown:
        return None


def as_at(enquiry: Enquiry, day: date) -> Enquiry:
    """An enquiry as it stood at the end of a day: what came later is in the next year's return.

    Its target stays, on whichever side of 31 March it lies.
    """
    decided = enquiry.decided_on is None or enquiry.decided_on <= day
    held = enquiry.conference_on is not None and enquiry.conference_on <= day
    ended = enquiry.ended_on is not None and enquiry.ended_on <= day
    return replace(
        enquiry,
        conference=enquiry.conference if decided else None,
        conference_on=enquiry.conference_on if held else None,
        conference_outcome=enquiry.conference_outcome if held else None,
        ended_on=enquiry.ended_on if ended else None,
        outcome=enquiry.outcome if ended else None,
    )


def belongs(enquiry: Enquiry, year: Year) -> bool:
    """Whether an enquiry is in the return of a year: it began in it, or its conference was held
    in it (rules 8715 and 8740)."""
    days = (enquiry.started_on, enquiry.conference_on)
    return any(day is not None and year.first_day <= day <= year.last_day for day in days)


def counted_before(enquiries: Sequence[Enquiry]) -> list[Enquiry]:
    """Each enquiry with how many others about the same child came in the 12 months before."""
    by_child: defaultdict[int, list[Enquiry]] = defaultdict(list)
    for one in enquiries:
        by_child[one.child_id].append(one)
    found = []
    for one in enquiries:
        since = _year_before(one.started_on)
        others = [each for each in by_child[one.child_id] if each is not one]
        started = sum(since <= each.started_on < one.started_on for each in others)
        held = sum(
            each.conference_on is not None and since <= each.conference_on < one.started_on
            for each in others
        )
        found.append(replace(one, started_before=started, conferences_before=held))
    return found


def problems(enquiries: Iterable[Enquiry], year: Year, today: date) -> list[Problem]:
    """Everything that has to be mended or explained before a year is returned, errors first."""
    rows = list(enquiries)
    found = [one for row in rows for one in _of_one(row, year, min(year.last_day, today))]
    found += [*_overlaps(rows), *_shared_references(rows), *_referrals_of_one_child(rows)]
    return sorted(found, key=lambda one: (one.is_query, one.enquiry.started_on, one.rule))


def _of_one(row: Enquiry, year: Year, day: date) -> Iterator[Problem]:
    def wrong(rule: str, words: str, where: Where = Where.AFTER, *, query: bool = False) -> Problem:
        return Problem(rule, words, query, where, row)

    if not row.case_reference:
        yield wrong("8500", "The child's reference in the case system is missing", Where.CHILD)
    elif len(row.case_reference) > LONGEST_ID:
        yield wrong(
            "1570", f"The child's reference is longer than {LONGEST_ID} characters", Where.CHILD
        )
    elif not (row.case_reference.isascii() and row.case_reference.isalnum()):
        yield wrong(
            "1580", "The child's reference has other signs than letters and digits", Where.CHILD
        )
    yield from (wrong(rule, words, Where.CHILD, query=query) for rule, words, query in _birth(
        row, year))  # fmt: skip
    if row.referred_on is None:
        yield wrong(
            "8600",
            "The discussion came from an open case: its referral date stands in the case system",
            query=True,
        )
    elif row.started_on < row.referred_on:
        yield wrong("2889", "The enquiry began before the referral came in")
    held = row.conference_on
    if held is not None:
        if held < row.started_on:
            yield wrong("8615", "The conference was held before the enquiry began")
        if row.referred_on is not None and held < row.referred_on:
            yield wrong("1104", "The conference was held before the referral came in")
        if held.weekday() >= SATURDAY:
            yield wrong(
                "8875", f"The conference is noted on a {held:%A}: enter the day it was held"
            )
        if row.target_on is not None and held > row.target_on:
            yield wrong(
                "", f"The conference was held after its target, {in_words(row.target_on)}: be "
                "ready to explain it", query=True,
            )  # fmt: skip
    elif not row.not_required and row.target_on is not None and row.target_on < day:
        yield wrong(
            "8675Q",
            f"No conference is noted and none is said not to be needed; its target was "
            f"{in_words(row.target_on)}",
            query=True,
        )
    if row.target_on is None:
        yield wrong("", "The target cannot be worked out: bank holidays are not known that far")


def _birth(row: Enquiry, year: Year) -> Iterator[tuple[str, str, bool]]:
    """What the census asks of a date of birth: rule, words, and whether it is a query."""
    day = row.born_on or row.expected_on
    if day is None:
        yield "8525Q", "The date of birth, or the expected one, is missing", True
        return
    if row.born_on is not None and row.born_on > year.last_day:
        yield "8520", "The date of birth lies after the end of the year", False
    if row.unborn and not UNBORN_FROM <= (day - year.last_day).days <= UNBORN_UNTIL:
        yield (
            "8530Q",
            "The expected date of birth lies outside March to December of the year's end: enter "
            "the date of birth if the child is born",
            True,
        )
    if row.referred_on is not None and day - row.referred_on > BEFORE_BIRTH:
        yield "8606", "The referral came in more than 40 weeks before the date of birth", False


def _overlaps(rows: Sequence[Enquiry]) -> Iterator[Problem]:
    """Two enquiries about one child never run at once (rules 8839 and 8890).

    The rules speak of one CINdetails module. A child has one at a time (8815, 8820), so that two
    enquiries that run at once always stand in the same.
    """
    by_child: defaultdict[int, list[Enquiry]] = defaultdict(list)
    for row in rows:
        by_child[row.child_id].append(row)
    for held in by_child.values():
        held.sort(key=lambda one: (one.started_on, one.meeting_ref))
        for place, later in enumerate(held):
            for other_place, other in enumerate(held):
                # Where both began on one day, the pair is told of once.
                again = other_place > place and later.runs_on(other.started_on)
                if other is not later and other.runs_on(later.started_on) and not again:
                    yield _overlap(other, later)
                    break


def _referrals_of_one_child(rows: Sequence[Enquiry]) -> Iterator[Problem]:
    """A child has one CINdetails module without an end at a time (rule 8815); when a case was
    closed stands in the case system alone."""
    by_child: defaultdict[int, list[Enquiry]] = defaultdict(list)
    for row in rows:
        by_child[row.child_id].append(row)
    for held in by_child.values():
        if len({(one.referred_on, one.referral_ref) for one in held}) > 1:
            last = max(held, key=lambda one: (one.started_on, one.meeting_ref))
            yield Problem(
                "8815",
                "The file gives this child's enquiries under more than one referral, none of them "
                "with an end: enter in the case system when the earlier ones were closed",
                True, Where.AFTER, last,
            )  # fmt: skip


def _overlap(running: Enquiry, later: Enquiry) -> Problem:
    if running.is_open:
        return Problem(
            "8890, 8839" if later.is_open else "8890",
            f"It was open when the enquiry of {in_words(later.started_on)} about the same child "
            f"({later.meeting_ref}) began: note its conference or how it ended, or on "
            f"{later.meeting_ref} that the discussion continued it",
            False, Where.AFTER, running, later,
        )  # fmt: skip
    assert running.conference_on is not None
    return Problem(
        "8890",
        f"It began before or on {in_words(running.conference_on)}, the day of the conference of "
        f"the enquiry of {in_words(running.started_on)} about the same child "
        f"({running.meeting_ref}): say that this discussion continued that one, or put the day of "
        "the conference right",
        False, Where.AFTER, later, running,
    )  # fmt: skip


def _shared_references(rows: Sequence[Enquiry]) -> Iterator[Problem]:
    first: dict[str, Enquiry] = {}
    for row in rows:
        other = first.setdefault(row.case_reference, row)
        if row.case_reference and other.child_id != row.child_id:
            yield Problem(
                "8510", f"The child's reference is that of another child, {other.child_ref}, too",
                False, Where.CHILD, row, other,
            )  # fmt: skip


def check_whole(found: Sequence[Problem], authority_number: str) -> None:
    """Refuse to make the census file while errors stand, or without the council's number, which
    stands at its head. Raises Refused (field `page`)."""
    errors = sum(not one.is_query for one in found)
    if errors:
        words = "One error has" if errors == 1 else f"{errors} errors have"
        raise Refused("page", f"{words} to be mended before the census file can be made")
    if not authority_number:
        raise Refused("page", "The council's number has to be entered in the council's settings")


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
