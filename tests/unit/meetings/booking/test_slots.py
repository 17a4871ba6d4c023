"""Slots: before the deadline first, free for chair and line, never in the past (C1, C4, B3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import in_london, london_date
from app.meetings.booking.slots import (
    format_for,
    is_late,
    is_office_time,
    overlaps,
    quarters_of,
    slots,
)
from app.meetings.booking.types import CaseFacts, Diary, OfficeHours, WorkingHours
from app.meetings.types import Format
from app.protocols.working_days import is_working_day
from app.referrals.types import Concern, Flag
from tests.clock import FRIDAY

OFFICE = OfficeHours(time(9), time(17))
ONE_LINE = Diary(lines=((1, "Line 1"),))
TUESDAY = datetime(2026, 11, 24, 9, 10, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_the_earliest_that_chair_and_line_are_free_for_comes_first():
    diary = Diary(
        lines=((1, "Line 1"), (2, "Line 2")),
        taken={1: frozenset(quarters_of(at(24, 9), at(24, 12)))},
        chair=((at(24, 9, 30), at(24, 10, 30)),),
    )
    first = slots(TUESDAY, at(25, 12), OFFICE, diary, 45)[0]
    assert (first.start, first.line_name) == (at(24, 10, 30), "Line 2")
    assert not first.after_deadline and not first.out_of_hours


def test_times_that_everybody_is_free_for_go_before_those_with_somebody_busy():
    diary = Diary(lines=((1, "Line 1"),), people={"Dr Day": ((at(24, 9), at(24, 11)),)})
    found = slots(TUESDAY, at(24, 13), OFFICE, diary, 45)
    assert found[0].start == at(24, 11)
    busy = [slot for slot in found if slot.busy]
    assert busy and busy[0].busy == ("Dr Day",)
    assert "Dr Day" in busy[0].why


def test_a_deadline_at_the_weekend_gets_times_outside_office_hours():
    found = slots(FRIDAY, FRIDAY + timedelta(hours=24), OFFICE, ONE_LINE, 45)
    in_time = [slot for slot in found if not slot.after_deadline]
    assert in_time[0].start == at(20, 17, 15)
    assert all(slot.out_of_hours for slot in in_time)
    assert {in_london(slot.start).day for slot in in_time} == {20, 21}
    late = [slot for slot in found if slot.after_deadline]
    assert [slot.start for slot in late] == [
        at(21, 17), at(21, 17, 30), at(23, 9), at(23, 9, 30), at(23, 10)
    ]  # fmt: skip
    assert [slot.out_of_hours for slot in late] == [True, True, False, False, False]
    assert "Outside office hours: with the out-of-hours team" in late[0].why


def test_what_is_late_at_the_weekend_does_not_wait_for_monday():
    found = slots(at(21, 10), at(20, 23, 59), OFFICE, ONE_LINE, 45)
    assert all(slot.after_deadline for slot in found)
    assert found[0].start == at(21, 10, 30) and found[0].out_of_hours
    assert at(23, 9) in [slot.start for slot in found]


def test_late_offers_stay_in_office_hours_where_office_hours_keep_the_deadline():
    found = slots(TUESDAY, at(24, 23, 59), OFFICE, ONE_LINE, 45)
    assert not any(slot.out_of_hours for slot in found)
    soon = slots(at(24, 9), at(23, 12), OFFICE, ONE_LINE, 45)
    assert found and soon and not any(slot.out_of_hours for slot in soon)


def test_in_the_night_after_the_deadline_nobody_is_woken():
    found = slots(at(21, 23, 5), at(21, 22), OFFICE, ONE_LINE, 45)
    assert found[0].start == at(22, 8) and found[0].out_of_hours


def test_in_the_night_any_time_rather_than_none():
    night = at(20, 23, 5)
    found = slots(night, at(21, 4), OFFICE, ONE_LINE, 45)
    assert found[0].start == at(20, 23, 15)
    assert not found[0].after_deadline


def test_what_begins_before_the_deadline_is_in_time_where_nothing_ends_before_it():
    night, midnight = at(20, 23, 20), at(20, 23, 59)
    found = slots(night, midnight, OFFICE, ONE_LINE, 45)
    assert [slot.start for slot in found if not slot.after_deadline] == [at(20, 23, 30)]
    assert found[0].start == at(20, 23, 30)
    assert "29 minutes before the deadline, and over after it" in found[0].why


def test_closure_days_take_slots_away():
    closed = OfficeHours(time(9), time(17), frozenset({date(2026, 11, 24)}))
    assert slots(TUESDAY, at(26, 12), closed, ONE_LINE, 45)[0].start == at(25, 9)


def test_no_line_no_slot_unless_none_is_needed():
    nothing = Diary(lines=())
    assert slots(TUESDAY, at(25, 12), OFFICE, nothing, 45) == []
    assert slots(TUESDAY, at(25, 12), OFFICE, nothing, 45, format_=Format.MEETING)


def test_without_a_deadline_everything_within_a_fortnight_is_in_time():
    found = slots(TUESDAY, None, OFFICE, ONE_LINE, 45)
    assert found and not any(slot.after_deadline for slot in found)


def test_when_the_deadline_has_passed_every_offer_says_so():
    found = slots(TUESDAY, at(23, 12), OFFICE, ONE_LINE, 45)
    assert found and all(slot.after_deadline for slot in found)


def test_quarters_cover_the_whole_time():
    assert quarters_of(at(24, 10, 5), at(24, 10, 50)) == [
        at(24, 10), at(24, 10, 15), at(24, 10, 30), at(24, 10, 45)
    ]  # fmt: skip
    assert len(quarters_of(at(24, 10), at(24, 10, 45))) == 3


def test_a_start_at_the_deadline_is_in_time():
    assert not is_late(TUESDAY, TUESDAY)
    assert is_late(TUESDAY + timedelta(seconds=1), TUESDAY)


@pytest.mark.parametrize(
    ("flags", "format_"),
    [
        (frozenset(), Format.CALL),
        (frozenset({Flag.SERIOUS_HARM}), Format.MEETING),
        (frozenset({Flag.COMPLEX}), Format.MEETING),
        (frozenset({Flag.SERIOUS_HARM, Flag.IN_HOSPITAL}), Format.HOSPITAL),
    ],
)
def test_format_by_rule(flags, format_):
    chosen = format_for(CaseFacts(flags=flags))
    assert chosen.format is format_
    assert chosen.why and chosen.source


@pytest.mark.parametrize(
    ("concern", "words"),
    [
        (Concern.ORGANISED_ABUSE, "organised abuse"),
        (Concern.ALLEGATION_AGAINST_STAFF, "an allegation against staff"),
    ],
)
def test_what_is_complex_by_its_kind_is_a_meeting_without_a_tick(concern, words):
    chosen = format_for(CaseFacts(concerns=frozenset({concern})))
    assert (chosen.format, chosen.source) == (Format.MEETING, "BROMLEY 2; TIMING")
    assert words in chosen.why
    assert format_for(CaseFacts(concerns=frozenset({Concern.NEGLECT}))).format is Format.CALL
    there = CaseFacts(concerns=frozenset({concern}), flags=frozenset({Flag.IN_HOSPITAL}))
    assert format_for(there).format is Format.HOSPITAL


moments = st.integers(0, 60 * 24 * 1000).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(
    now=moments,
    left=st.integers(-48, 24 * 6),
    minutes=st.sampled_from((45, 60)),
    taken=st.sets(st.integers(0, 24 * 4 * 7), max_size=120),
    chair=st.lists(st.integers(0, 24 * 7), max_size=12),
)
def test_every_offer_keeps_every_promise(now, left, minutes, taken, chair):
    due = now + timedelta(hours=left)
    start = now.replace(minute=0, second=0, microsecond=0)
    quarters = frozenset(start + timedelta(minutes=15 * n) for n in taken)
    busy = tuple(
        (start + timedelta(hours=n), start + timedelta(hours=n, minutes=50)) for n in chair
    )
    diary = Diary(lines=((1, "Line 1"),), taken={1: quarters}, chair=busy)
    found = slots(now, due, OFFICE, diary, minutes)
    assert len({slot.start for slot in found}) == len(found)
    for slot in found:
        assert slot.start >= now
        assert slot.end - slot.start == timedelta(minutes=minutes)
        assert slot.start.minute % 15 == 0
        assert quarters.isdisjoint(quarters_of(slot.start, slot.end))
        assert not any(overlaps((slot.start, slot.end), span) for span in busy)
        assert slot.after_deadline == (slot.start > due)
        # Over by the deadline, unless no time is.
        assert slot.after_deadline or slot.end <= due or found[0].end > due
        assert slot.out_of_hours != is_office_time(slot.start, slot.end, OFFICE)
        if not slot.out_of_hours:
            assert is_working_day(london_date(slot.start))
            assert time(9) <= in_london(slot.start).time()
            assert in_london(slot.end).time() <= time(17)
        if slot.after_deadline and slot.out_of_hours:
            assert time(8) <= in_london(slot.start).time()
            assert in_london(slot.end).time() <= time(21)
            assert all(one.out_of_hours for one in found if not one.after_deadline)
            assert all(slot.end <= one.start for one in found if not one.out_of_hours)
    in_time = [slot for slot in found if not slot.after_deadline]
    assert found == in_time + [slot for slot in found if slot.after_deadline]
    assert [slot.start for slot in in_time] == sorted(slot.start for slot in in_time)


@given(
    now=moments,
    left=st.integers(2, 24 * 5),
    taken=st.sets(st.integers(0, 24 * 4 * 6), max_size=150),
    chair=st.lists(st.integers(0, 24 * 6), max_size=12),
    somebody=st.lists(st.integers(0, 24 * 6), max_size=8),
)
def test_the_first_offer_is_the_earliest_that_everybody_is_free_for(
    now, left, taken, chair, somebody
):
    """Against every quarter of an hour, tried one by one."""
    start = now.replace(minute=0, second=0, microsecond=0)
    quarters = frozenset(start + timedelta(minutes=15 * n) for n in taken)

    def hours(of: list[int]) -> tuple[tuple[datetime, datetime], ...]:
        return tuple((start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in of)

    diary = Diary(((1, "Line 1"),), {1: quarters}, hours(chair), {"Dr Day": hours(somebody)})
    due = now + timedelta(hours=left)

    def fits(moment: datetime) -> bool:
        end = moment + timedelta(minutes=45)
        return (
            moment >= now + timedelta(minutes=30)
            and end <= due
            and is_office_time(moment, end, OFFICE)
            and quarters.isdisjoint(quarters_of(moment, end))
            and not any(overlaps((moment, end), span) for span in diary.chair)
            and not any(overlaps((moment, end), span) for span in diary.people["Dr Day"])
        )

    every = (start + timedelta(minutes=15 * n) for n in range(4 * (left + 2)))
    earliest = next(filter(fits, every), None)
    found = slots(now, due, OFFICE, diary, 45)
    if earliest is not None:
        assert (found[0].start, found[0].busy) == (earliest, ())


def test_a_meeting_face_to_face_leaves_time_to_travel():
    diary = Diary(lines=(), chair=((at(24, 9), at(24, 10)),))
    found = slots(TUESDAY, at(24, 13), OFFICE, diary, 45, format_=Format.MEETING)
    assert found[0].start == at(24, 10, 30)
    by_telephone = Diary(lines=((1, "Line 1"),), chair=diary.chair)
    assert slots(TUESDAY, at(24, 13), OFFICE, by_telephone, 45)[0].start == at(24, 10)


def test_who_is_away_is_named_and_later_times_go_first():
    diary = Diary(lines=((1, "Line 1"),), away={"Dr Day": at(24, 11)}, asked=1)
    found = slots(TUESDAY, at(24, 13), OFFICE, diary, 45)
    assert (found[0].start, found[0].busy) == (at(24, 11), ())
    assert "everybody asked free" in found[0].why and "before the deadline" in found[0].why
    assert any("away: Dr Day" in slot.why for slot in found)


def test_a_call_with_a_dial_in_of_its_own_needs_no_line():
    nothing = Diary(lines=())
    assert slots(TUESDAY, at(25, 12), OFFICE, nothing, 45, needs_line=False)


MORNINGS = WorkingHours("12345", "09:00", "12:30")


def test_times_outside_somebodys_working_hours_come_after_and_say_so():
    diary = Diary(lines=((1, "Line 1"),), hours=(("Dr Day", MORNINGS),), asked=1)
    found = slots(at(24, 11), at(24, 17), OFFICE, diary, 45)
    assert (found[0].start, found[0].not_at_work) == (at(24, 11, 30), ())
    assert "everybody asked free" in found[0].why
    # 12:00 would end after she leaves.
    assert (found[1].start, found[1].not_at_work) == (at(24, 12), ("Dr Day",))
    assert "not at work then: Dr Day" in found[1].why and "everybody" not in found[1].why


def test_somebody_not_at_work_may_take_a_call_sooner_than_somebody_in_another_discussion():
    diary = Diary(
        lines=((1, "Line 1"),),
        people={"DS Holt": ((at(24, 13), at(24, 15)),)},
        hours=(("Dr Day", WorkingHours("12345", "13:00", "15:00")),),
    )
    found = slots(at(24, 12), at(24, 17), OFFICE, diary, 45)
    ranks = [
        2 if slot.busy else bool(slot.not_at_work) for slot in found if not slot.after_deadline
    ]
    assert ranks == sorted(ranks) and {1, 2} == set(ranks)


def test_out_of_hours_a_choice_is_left_although_few_are_at_work():
    diary = Diary(lines=((1, "Line 1"),), hours=(("Dr Day", MORNINGS),), asked=1)
    found = slots(FRIDAY, FRIDAY + timedelta(hours=24), OFFICE, diary, 45)
    in_time = [slot for slot in found if not slot.after_deadline]
    assert {in_london(slot.start).day for slot in in_time} == {20, 21}
    assert len(in_time) == 8
    assert all("not at work then: Dr Day" in slot.why for slot in in_time)


@pytest.mark.parametrize(
    ("hours", "start", "covered"),
    [
        (WorkingHours(), at(24, 3), True),
        (WorkingHours("135"), at(24, 10), False),
        (WorkingHours("135"), at(25, 10), True),
        (MORNINGS, at(24, 11, 45), True),  # to the minute
        (MORNINGS, at(24, 12), False),
        (MORNINGS, at(24, 8, 45), False),
    ],
)
def test_working_hours_cover_the_whole_of_it(hours, start, covered):
    assert hours.cover(start, start + timedelta(minutes=45)) is covered


def _easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian computus (Nature, 20 April 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    last = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * last) // 451
    month, day = divmod(h + last - 7 * m + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("year", [2026, 2027])
@pytest.mark.parametrize(("days", "works"), [("12345", False), ("1235", False), ("1234567", True)])
def test_who_works_on_weekdays_alone_does_not_on_good_friday(year, days, works):
    friday = _easter(year) - timedelta(days=2)
    start = datetime(friday.year, friday.month, friday.day, 10, tzinfo=UTC)
    hours = WorkingHours(days, "09:00", "17:00")
    assert hours.cover(start, start + timedelta(minutes=45)) is works
    before = start - timedelta(days=7)
    assert hours.cover(before, before + timedelta(minutes=45))
    # And everybody asked is not said to be free.
    diary = Diary(lines=((1, "Line 1"),), hours=(("Dr Day", hours),), asked=1)
    found = slots(start, start + timedelta(hours=4), OFFICE, diary, 45)
    on_it = [slot for slot in found if slot.start.date() == friday]
    assert on_it
    assert all(("everybody asked" in slot.why) is works for slot in on_it)


# However busy the machine is that runs it.
@given(
    now=moments,
    left=st.integers(1, 24 * 5),
    minutes=st.sampled_from((45, 60)),
    taken=st.sets(st.integers(0, 24 * 4 * 6), max_size=120),
    chair=st.lists(st.integers(0, 24 * 6), max_size=8),
    somebody=st.lists(st.integers(0, 24 * 6), max_size=8),
    days=st.sets(st.sampled_from("1234567"), max_size=6),
    opens=st.integers(6, 14),
    length=st.integers(1, 8),
)
def test_working_hours_rank_and_never_break_a_promise(
    now, left, minutes, taken, chair, somebody, days, opens, length
):
    """C1: never a taken line, never outside the rules, always the earliest first among equals."""
    start, due = now.replace(minute=0, second=0, microsecond=0), now + timedelta(hours=left)
    quarters = frozenset(start + timedelta(minutes=15 * n) for n in taken)

    def hours(of: list[int]) -> tuple[tuple[datetime, datetime], ...]:
        return tuple((start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in of)

    worked = WorkingHours("".join(sorted(days)), f"{opens:02}:00", f"{opens + length:02}:00")
    diary = Diary(
        lines=((1, "Line 1"),),
        taken={1: quarters},
        chair=hours(chair),
        people={"Dr Day": hours(somebody)},
        hours=(("Nurse Bell", worked),),
        asked=2,
    )
    found = slots(now, due, OFFICE, diary, minutes)
    for slot in found:
        span = (slot.start, slot.end)
        assert slot.start >= now and slot.end - slot.start == timedelta(minutes=minutes)
        assert quarters.isdisjoint(quarters_of(*span))
        assert not any(overlaps(span, busy) for busy in diary.chair)
        assert slot.after_deadline == (slot.start > due)
        # Over by the deadline, unless no time is.
        assert slot.after_deadline or slot.end <= due or found[0].end > due
        assert slot.out_of_hours != is_office_time(*span, OFFICE)
        assert bool(slot.busy) == any(overlaps(span, busy) for busy in diary.people["Dr Day"])
        assert bool(slot.not_at_work) == (not worked.cover(*span))
        assert ("everybody asked" in slot.why) == (not slot.busy and not slot.not_at_work)
    for late in (False, True):
        ranks = [
            (2 if slot.busy else 1 if slot.not_at_work else 0, slot.start)
            for slot in found
            if slot.after_deadline is late
        ]
        assert ranks == sorted(ranks) and len(set(ranks)) == len(ranks)


@given(
    now=moments,
    left=st.integers(2, 24 * 5),
    taken=st.sets(st.integers(0, 24 * 4 * 6), max_size=100),
    somebody=st.lists(st.integers(0, 24 * 6), max_size=6),
    days=st.sets(st.sampled_from("12345"), min_size=1),
    opens=st.integers(8, 14),
)
def test_the_first_offer_of_each_rank_is_the_earliest_of_it(
    now, left, taken, somebody, days, opens
):
    """Against every quarter of an hour, tried one by one."""
    start, due = now.replace(minute=0, second=0, microsecond=0), now + timedelta(hours=left)
    quarters = frozenset(start + timedelta(minutes=15 * n) for n in taken)
    busy = tuple((start + timedelta(hours=n), start + timedelta(hours=n + 1)) for n in somebody)
    worked = WorkingHours("".join(sorted(days)), f"{opens:02}:00", f"{opens + 4:02}:00")
    diary = Diary(
        ((1, "Line 1"),), {1: quarters}, people={"Dr Day": busy}, hours=(("Nurse Bell", worked),)
    )
    earliest: dict[int, datetime] = {}
    for n in range(4 * (left + 2)):
        moment = start + timedelta(minutes=15 * n)
        end = moment + timedelta(minutes=45)
        if (
            moment >= now + timedelta(minutes=30)
            and end <= due
            and is_office_time(moment, end, OFFICE)
            and quarters.isdisjoint(quarters_of(moment, end))
        ):
            elsewhere = any(overlaps((moment, end), span) for span in busy)
            earliest.setdefault(2 if elsewhere else 0 if worked.cover(moment, end) else 1, moment)
    found = slots(now, due, OFFICE, diary, 45)
    if earliest:
        assert found[0].start == earliest[min(earliest)]
    for rank, moment in earliest.items():
        offered = [
            slot.start
            for slot in found
            if not slot.after_deadline
            and (2 if slot.busy else 1 if slot.not_at_work else 0) == rank
        ]
        assert not offered or offered[0] == moment
