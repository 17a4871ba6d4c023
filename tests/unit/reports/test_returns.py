"""The published rules of the section 47 return, its XML and list 5 (G4)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from app.core.refusal import Refused
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome
from app.reports.returns import list5, rules
from app.reports.returns.types import Enquiry, Year

YEAR = Year(2027)
TODAY = date(2027, 3, 1)
STARTED = date(2026, 11, 24)  # a Tuesday

WHOLE = Enquiry(
    child_id=1, child_ref="CH-1", name="Amara Okonjo", case_reference="LCS20007",
    born_on=date(2019, 3, 27), expected_on=None, gender="Female", ethnicity="", disability="",
    team="North team", meeting_ref="SD-1", referral_ref="RF-1", referred_on=date(2026, 11, 23),
    started_on=STARTED, ended_on=date(2026, 12, 10), outcome=EnquiryOutcome.CONTINUING_RISK,
    conference=Conference.REQUIRED, conference_on=date(2026, 12, 15),
    conference_outcome=ConferenceOutcome.PLAN, target_on=rules.target_of(STARTED),
)  # fmt: skip
OPEN = replace(
    WHOLE, ended_on=None, outcome=None, conference=None, conference_on=None, conference_outcome=None
)
NOT_NEEDED = replace(OPEN, ended_on=date(2026, 12, 10), outcome=EnquiryOutcome.NOT_SUBSTANTIATED)


def found(*rows: Enquiry, today: date = TODAY) -> list[tuple[str, bool]]:
    return [(one.rule, one.is_query) for one in rules.problems(rows, YEAR, today)]


def test_the_target_is_the_fifteenth_working_day() -> None:
    assert WHOLE.target_on == date(2026, 12, 15)
    # Christmas Day, the substitute for Boxing Day and New Year's Day do not count.
    assert rules.target_of(date(2026, 12, 18)) == date(2027, 1, 13)
    assert rules.target_of(date(2028, 12, 20)) is None


def test_a_whole_row_has_nothing_to_mend() -> None:
    assert found(WHOLE) == []
    assert found(NOT_NEEDED) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (replace(WHOLE, case_reference=""), ("8500", False)),
        (replace(WHOLE, case_reference="LCS456789012345678901"), ("1570", False)),
        (replace(WHOLE, case_reference="LCS-20007"), ("1580", False)),
        (replace(WHOLE, born_on=None), ("8525Q", True)),
        (replace(WHOLE, born_on=date(2027, 4, 1)), ("8520", False)),
        (replace(WHOLE, born_on=date(2027, 8, 31)), ("8606", False)),
        (replace(WHOLE, born_on=None, expected_on=date(2027, 2, 28)), ("8530Q", True)),
        (replace(WHOLE, born_on=None, expected_on=date(2028, 1, 1)), ("8530Q", True)),
        (replace(WHOLE, referred_on=None), ("8600", True)),
        (replace(WHOLE, referred_on=date(2026, 11, 25)), ("2889", False)),
        (replace(WHOLE, conference_on=date(2026, 11, 23)), ("8615", False)),
        (replace(WHOLE, conference_on=date(2026, 11, 20)), ("1104", False)),
        (replace(WHOLE, conference_on=date(2026, 12, 12)), ("8875", False)),
        (replace(WHOLE, conference_on=date(2026, 12, 16)), ("", True)),
        (OPEN, ("8675Q", True)),
        (replace(WHOLE, target_on=None), ("", False)),
    ],
)
def test_each_rule_finds_its_fault(row: Enquiry, expected: tuple[str, bool]) -> None:
    assert expected in found(row)


def test_an_unborn_child_has_an_expected_date() -> None:
    assert found(replace(WHOLE, born_on=None, expected_on=date(2027, 3, 2))) == []


def test_an_enquiry_whose_target_lies_ahead_is_not_asked_about() -> None:
    assert found(OPEN, today=date(2026, 12, 15)) == []
    assert found(OPEN, today=date(2026, 12, 16)) == [("8675Q", True)]


def overlaps(*rows: Enquiry) -> list[tuple[str, str]]:
    found = rules.problems(rows, YEAR, TODAY)
    return [(one.rule, one.enquiry.meeting_ref) for one in found if "8890" in one.rule]


LATER = replace(OPEN, meeting_ref="SD-2", started_on=date(2026, 12, 1))


def test_enquiries_about_one_child_do_not_overlap() -> None:
    assert overlaps(WHOLE, LATER) == [("8890", "SD-2")]
    # "On or between": the day of the conference counts, the day after it does not.
    assert overlaps(WHOLE, replace(LATER, started_on=date(2026, 12, 15))) == [("8890", "SD-2")]
    assert overlaps(WHOLE, replace(LATER, started_on=date(2026, 12, 16))) == []
    assert overlaps(WHOLE, replace(LATER, child_id=2, case_reference="LCS2")) == []


def test_an_open_enquiry_overlaps_with_whatever_follows_and_is_mended_where_it_is_open() -> None:
    ended = replace(
        WHOLE, meeting_ref="SD-3", started_on=date(2027, 2, 1), conference_on=date(2027, 2, 10)
    )
    assert overlaps(OPEN, ended) == [("8890", "SD-1")]
    assert overlaps(OPEN, LATER) == [("8890, 8839", "SD-1")]


def test_an_enquiry_without_need_of_a_conference_overlaps_with_none() -> None:
    assert overlaps(NOT_NEEDED, LATER) == []
    decided = replace(OPEN, conference=Conference.NOT_NEEDED)
    assert overlaps(decided, LATER) == []


def test_two_enquiries_of_one_day_are_told_of_once() -> None:
    same = replace(LATER, started_on=STARTED)
    assert overlaps(WHOLE, replace(same, conference_on=date(2026, 12, 15))) == [("8890", "SD-2")]
    assert overlaps(NOT_NEEDED, same) == [("8890", "SD-2")]


def test_two_children_do_not_share_a_reference() -> None:
    assert ("8510", False) in found(WHOLE, replace(WHOLE, child_id=2, meeting_ref="SD-2"))


def test_no_census_file_while_an_error_stands() -> None:
    problems = rules.problems([replace(WHOLE, case_reference="")], YEAR, TODAY)
    with pytest.raises(Refused, match="One error has to be mended"):
        rules.check_whole(problems, "999")
    queries = rules.problems([OPEN], YEAR, TODAY)
    rules.check_whole(queries, "999")  # a query may be explained
    with pytest.raises(Refused, match="council's number"):
        rules.check_whole(queries, "")


def test_what_came_after_the_year_is_not_in_it() -> None:
    seen = rules.as_at(WHOLE, date(2026, 12, 14))
    assert (seen.conference_on, seen.conference_outcome) == (None, None)
    assert seen.outcome is EnquiryOutcome.CONTINUING_RISK
    assert rules.belongs(WHOLE, YEAR)
    assert not rules.belongs(replace(OPEN, started_on=date(2026, 3, 31)), YEAR)
    assert rules.belongs(replace(WHOLE, started_on=date(2026, 3, 31)), YEAR)  # held in it
    assert rules.year_of(date(2026, 3, 31)) == Year(2026)
    assert rules.year_of(date(2026, 4, 1)) == YEAR
    assert rules.year_asked("²027", TODAY) == rules.year_asked("1999", TODAY) == YEAR


def test_a_conference_after_31_march_is_in_the_next_return_and_its_target_stays() -> None:
    started = date(2027, 3, 15)
    target = rules.target_of(started)
    assert target == date(2027, 4, 7)  # after Easter
    row = replace(WHOLE, started_on=started, conference_on=target, target_on=target, ended_on=None)
    this = rules.as_at(row, YEAR.last_day)
    assert (this.conference_on, this.target_on, this.not_required) == (None, target, False)
    assert rules.belongs(this, YEAR)
    following = Year(2028)
    held = rules.as_at(row, following.last_day)
    assert (held.conference_on, held.target_on) == (target, target)
    assert rules.belongs(held, following)
    assert [one.rule for one in rules.problems([this], YEAR, TODAY)] == []


def test_that_no_conference_is_needed_counts_from_the_day_it_was_decided() -> None:
    row = replace(OPEN, conference=Conference.NOT_NEEDED, decided_on=date(2027, 4, 1))
    assert rules.as_at(row, date(2027, 4, 1)).not_required
    assert not rules.as_at(row, YEAR.last_day).not_required
    assert rules.as_at(replace(row, decided_on=None), YEAR.last_day).not_required


def test_list_5_has_its_columns() -> None:
    earlier = replace(
        NOT_NEEDED, started_on=date(2026, 6, 1), case_reference="=1+1", disability="Deaf"
    )
    rows = rules.counted_before([earlier, WHOLE])
    lines = list(csv.reader(io.StringIO(list5.as_file(rows, TODAY).decode("utf-8-sig"))))
    assert tuple(lines[0]) == list5.HEADS
    assert len(lines[0]) == 14
    assert lines[1] == [
        "'=1+1", "b) Female", "", "27/03/2019", "7", "a) Yes", "01/06/2026", "a) Yes", "", "",
        "0", "0", "North team", "",
    ]  # fmt: skip
    assert lines[2] == [
        "LCS20007", "b) Female", "", "27/03/2019", "7", "", "24/11/2026", "b) No", "15/12/2026",
        "a) Yes", "1", "0", "North team", "",
    ]  # fmt: skip


def test_list_5_has_what_was_open_in_its_six_months() -> None:
    first = date(2026, 12, 1)
    before = replace(WHOLE, conference_on=None, conference=None, ended_on=date(2026, 11, 30))
    over = replace(before, outcome=EnquiryOutcome.NOT_SUBSTANTIATED)
    still = replace(over, ended_on=first)
    assert list5.in_period([over, still, OPEN, WHOLE], first) == [still, OPEN, WHOLE]
    decided = replace(OPEN, conference=Conference.NOT_NEEDED, decided_on=date(2026, 11, 30))
    assert list5.in_period([decided, replace(decided, decided_on=first)], first) == [
        replace(decided, decided_on=first)
    ]


def test_list_5_says_nothing_of_what_is_not_settled() -> None:
    rows = [OPEN, replace(OPEN, conference=Conference.REQUIRED, gender="", disability="None.")]
    lines = list(csv.reader(io.StringIO(list5.as_file(rows, TODAY).decode("utf-8-sig"))))
    assert lines[1][7:10] == ["", "", ""]
    assert lines[2][7:10] == ["b) No", "", ""]
    assert (lines[2][1], lines[2][5]) == ("c) Not stated/recorded", "b) No")
