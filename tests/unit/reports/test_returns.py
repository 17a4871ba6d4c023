"""The published rules of the section 47 return, its XML and list 5 (G4)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from app.core.refusal import Refused
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome
from app.reports.returns import census, list5, rules
from app.reports.returns.types import Enquiry, Where, Year

YEAR = Year(2027)
TODAY = date(2027, 3, 1)
STARTED = date(2026, 11, 24)  # a Tuesday

WHOLE = Enquiry(
    child_id=1, child_ref="CH-1", name="Amara Okonjo", case_reference="LCS-20007",
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
        (replace(WHOLE, case_reference="LCS-1234567"), ("", False)),
        (replace(WHOLE, born_on=None), ("8525", False)),
        (replace(WHOLE, referred_on=date(2026, 11, 25)), ("2889", False)),
        (replace(WHOLE, conference_on=date(2026, 11, 23)), ("8615", False)),
        (replace(WHOLE, conference_on=date(2026, 12, 12)), ("8875", False)),
        (replace(WHOLE, conference_on=date(2026, 12, 16)), ("", True)),
        (OPEN, ("8675Q", True)),
        (replace(WHOLE, target_on=None), ("", False)),
    ],
)
def test_each_rule_finds_its_fault(row: Enquiry, expected: tuple[str, bool]) -> None:
    assert expected in found(row)


def test_an_unborn_child_has_an_expected_date() -> None:
    assert found(replace(WHOLE, born_on=None, expected_on=date(2027, 1, 2))) == []


def test_an_enquiry_whose_target_lies_ahead_is_not_asked_about() -> None:
    assert found(OPEN, today=date(2026, 12, 15)) == []
    assert found(OPEN, today=date(2026, 12, 16)) == [("8675Q", True)]


def test_enquiries_about_one_child_do_not_overlap() -> None:
    later = replace(WHOLE, meeting_ref="SD-2", started_on=date(2026, 12, 1))
    [problem] = [one for one in rules.problems([WHOLE, later], YEAR, TODAY) if "SD-1" in one.words]
    assert (problem.enquiry.meeting_ref, problem.where, problem.is_query) == (
        "SD-2", Where.AFTER, False,
    )  # fmt: skip
    # On the day of the conference, or about another child, it is none.
    other = replace(later, child_id=2, case_reference="LCS-2")
    assert found(WHOLE, replace(later, started_on=date(2026, 12, 15))) == []
    assert found(WHOLE, other) == []
    # One that is open overlaps with whatever follows.
    assert ("", False) in found(OPEN, replace(later, started_on=date(2027, 2, 1)))


def test_two_children_do_not_share_a_reference() -> None:
    assert ("8510", False) in found(WHOLE, replace(WHOLE, child_id=2, meeting_ref="SD-2"))


def test_no_census_file_while_an_error_stands() -> None:
    problems = rules.problems([replace(WHOLE, case_reference="")], YEAR, TODAY)
    with pytest.raises(Refused, match="One error has to be mended"):
        rules.check_whole(problems)
    rules.check_whole(rules.problems([OPEN], YEAR, TODAY))  # a query may be explained


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


def test_the_message_has_the_elements_of_the_census_in_their_order() -> None:
    second = replace(
        NOT_NEEDED, child_id=2, case_reference="LCS-3", born_on=None, expected_on=date(2027, 1, 2)
    )
    written = census.as_file([WHOLE, second], YEAR, datetime(2027, 3, 1, 12, tzinfo=UTC))
    message = ElementTree.fromstring(written)
    assert message.tag == "Message"
    assert [one.tag for one in message] == ["Header", "Children"]
    assert message.findtext("Header/CollectionDetails/Collection") == "CIN"
    assert message.findtext("Header/CollectionDetails/Year") == "2027"
    assert message.findtext("Header/CollectionDetails/ReferenceDate") == "2027-03-31"
    assert message.findtext("Header/Source/DateTime") == "2027-03-01T12:00:00"
    first, other = message.findall("Children/Child")
    assert [(one.tag, one.text) for one in first.find("ChildIdentifiers")] == [
        ("LAchildID", "LCS-20007"), ("PersonBirthDate", "2019-03-27"),
    ]  # fmt: skip
    assert [one.tag for one in first.find("CINdetails")] == ["CINreferralDate", "Section47"]
    assert [(one.tag, one.text) for one in first.find("CINdetails/Section47")] == [
        ("S47ActualStartDate", "2026-11-24"), ("InitialCPCtarget", "2026-12-15"),
        ("DateOfInitialCPC", "2026-12-15"), ("ICPCnotRequired", "false"),
    ]  # fmt: skip
    assert other.findtext("ChildIdentifiers/ExpectedPersonBirthDate") == "2027-01-02"
    assert [(one.tag, one.text) for one in other.find("CINdetails/Section47")][2:] == [
        ("ICPCnotRequired", "true")
    ]


def test_text_cannot_become_markup_in_the_message() -> None:
    odd = replace(WHOLE, case_reference="<a>&\x07")
    written = census.as_file([odd], YEAR, datetime(2027, 3, 1, tzinfo=UTC))
    message = ElementTree.fromstring(written)
    assert message.findtext("Children/Child/ChildIdentifiers/LAchildID") == "<a>&"


def test_list_5_has_its_columns() -> None:
    earlier = replace(
        NOT_NEEDED, started_on=date(2026, 6, 1), case_reference="=1+1", disability="Deaf"
    )
    rows = rules.counted_before([earlier, WHOLE])
    lines = list(csv.reader(io.StringIO(list5.as_file(rows, TODAY).decode("utf-8-sig"))))
    assert tuple(lines[0]) == list5.HEADS
    assert len(lines[0]) == 14
    assert lines[1] == [
        "'=1+1", "Female", "", "2019-03-27", "7", "a) Yes", "2026-06-01", "a) Yes", "", "", "0",
        "0", "North team", "",
    ]  # fmt: skip
    assert lines[2] == [
        "LCS-20007", "Female", "", "2019-03-27", "7", "", "2026-11-24", "b) No", "2026-12-15",
        "a) Yes", "1", "0", "North team", "",
    ]  # fmt: skip
