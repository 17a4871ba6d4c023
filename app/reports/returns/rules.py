"""The published rules of the section 47 part of the children in need census: pure (G4).

Sources: Children in need census, guide and validation rules (Department for Education), by their
numbers; Working Together to Safeguard Children for the 15 working days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from app.core.refusal import Refused
from app.protocols.working_days import BankHolidaysUnknown, add_working_days, in_words
from app.reports.returns.types import Enquiry, Problem, Where, Year

TARGET_DAYS = 15
LONGEST_ID = 10  # LAchildID
SATURDAY = 5


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
    """An enquiry as it stood at the end of a day: what came later is not in the return."""
    held = enquiry.conference_on is not None and enquiry.conference_on <= day
    ended = enquiry.ended_on is not None and enquiry.ended_on <= day
    return replace(
        enquiry,
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
    found = [one for row in rows for one in _of_one(row, min(year.last_day, today))]
    found += [*_overlaps(rows), *_shared_references(rows)]
    return sorted(found, key=lambda one: (one.is_query, one.enquiry.started_on, one.rule))


def _of_one(row: Enquiry, day: date) -> Iterator[Problem]:
    def wrong(rule: str, words: str, where: Where = Where.AFTER, *, query: bool = False) -> Problem:
        return Problem(rule, words, query, where, row)

    if not row.case_reference:
        yield wrong("8500", "The child's reference in the case system is missing", Where.CHILD)
    elif len(row.case_reference) > LONGEST_ID:
        yield wrong(
            "", f"The child's reference is longer than {LONGEST_ID} characters", Where.CHILD
        )
    if row.born_on is None and row.expected_on is None:
        yield wrong("8525", "The date of birth, or the expected one, is missing", Where.CHILD)
    if row.referred_on is not None and row.started_on < row.referred_on:
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


def _overlaps(rows: Sequence[Enquiry]) -> Iterator[Problem]:
    """Two enquiries about one child never run at once: the second begins when the first is over."""
    by_child: defaultdict[int, list[Enquiry]] = defaultdict(list)
    for row in rows:
        by_child[row.child_id].append(row)
    for held in by_child.values():
        held.sort(key=lambda one: (one.started_on, one.meeting_ref))
        for place, later in enumerate(held):
            for earlier in held[:place]:
                if earlier.until is None or later.started_on < earlier.until:
                    yield Problem(
                        "",
                        f"It began while the enquiry of {in_words(earlier.started_on)} about the "
                        f"same child ({earlier.meeting_ref}) was open: say how that one ended, or "
                        "that this discussion continued it",
                        False,
                        Where.AFTER,
                        later,
                    )
                    break


def _shared_references(rows: Sequence[Enquiry]) -> Iterator[Problem]:
    first: dict[str, Enquiry] = {}
    for row in rows:
        other = first.setdefault(row.case_reference, row)
        if row.case_reference and other.child_id != row.child_id:
            yield Problem(
                "8510", f"The child's reference is that of another child, {other.child_ref}, too",
                False, Where.CHILD, row,
            )  # fmt: skip


def check_whole(found: Sequence[Problem]) -> None:
    """Refuse to make the census file while errors stand. Raises Refused (field `page`)."""
    errors = sum(not one.is_query for one in found)
    if errors:
        words = "One error has" if errors == 1 else f"{errors} errors have"
        raise Refused("page", f"{words} to be mended before the census file can be made")


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
