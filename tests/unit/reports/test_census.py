"""The census file against a document written by hand from the specification (G4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome
from app.reports.returns import census, codes, rules
from app.reports.returns.types import Enquiry, Year

YEAR = Year(2027)
MADE = datetime(2027, 4, 1, 12, tzinfo=UTC)
# Children in need census, technical specification: the message, header first, each element in
# its place. UPN, ethnicity, need, assessments and plans are put in in the case system.
EXPECTED = """<?xml version='1.0' encoding='utf-8'?>
<Message>
  <Header>
    <CollectionDetails>
      <Collection>CIN</Collection>
      <Year>2027</Year>
      <ReferenceDate>2027-03-31</ReferenceDate>
    </CollectionDetails>
    <Source>
      <SourceLevel>L</SourceLevel>
      <LEA>999</LEA>
      <SoftwareCode>Hold a strategy discussion</SoftwareCode>
      <SerialNo>001</SerialNo>
      <DateTime>2027-04-01T12:00:00</DateTime>
    </Source>
  </Header>
  <Children>
    <Child>
      <ChildIdentifiers>
        <LAchildID>LCS20007</LAchildID>
        <PersonBirthDate>2019-03-27</PersonBirthDate>
        <Sex>F</Sex>
      </ChildIdentifiers>
      <CINdetails>
        <CINreferralDate>2026-11-23</CINreferralDate>
        <ReferralSource>6</ReferralSource>
        <Section47>
          <S47ActualStartDate>2026-11-24</S47ActualStartDate>
          <InitialCPCtarget>2026-12-15</InitialCPCtarget>
          <DateOfInitialCPC>2026-12-15</DateOfInitialCPC>
          <ICPCnotRequired>false</ICPCnotRequired>
        </Section47>
        <Section47>
          <S47ActualStartDate>2027-03-15</S47ActualStartDate>
          <InitialCPCtarget>2027-04-07</InitialCPCtarget>
          <ICPCnotRequired>false</ICPCnotRequired>
        </Section47>
        <ReferralNFA>false</ReferralNFA>
      </CINdetails>
    </Child>
    <Child>
      <ChildIdentifiers>
        <LAchildID>LCS3</LAchildID>
        <ExpectedPersonBirthDate>2027-05-02</ExpectedPersonBirthDate>
        <Sex>U</Sex>
      </ChildIdentifiers>
      <CINdetails>
        <Section47>
          <S47ActualStartDate>2027-01-12</S47ActualStartDate>
          <InitialCPCtarget>2027-02-02</InitialCPCtarget>
          <ICPCnotRequired>true</ICPCnotRequired>
        </Section47>
        <ReferralNFA>false</ReferralNFA>
      </CINdetails>
    </Child>
  </Children>
</Message>"""

STARTED = date(2026, 11, 24)
FIRST = Enquiry(
    child_id=1, child_ref="CH-1", name="Amara Okonjo", case_reference="LCS20007",
    born_on=date(2019, 3, 27), expected_on=None, gender="Female", ethnicity="", disability="",
    team="North team", meeting_ref="SD-1", referral_ref="RF-1", referred_on=date(2026, 11, 23),
    started_on=STARTED, ended_on=date(2026, 12, 10), outcome=EnquiryOutcome.CONTINUING_RISK,
    conference=Conference.REQUIRED, conference_on=date(2026, 12, 15),
    conference_outcome=ConferenceOutcome.PLAN, target_on=rules.target_of(STARTED), source="6",
)  # fmt: skip
AGAIN = replace(
    FIRST, meeting_ref="SD-2", started_on=date(2027, 3, 15), conference_on=date(2027, 4, 6),
    ended_on=None, outcome=None, target_on=rules.target_of(date(2027, 3, 15)),
)  # fmt: skip
UNBORN = replace(
    FIRST, child_id=2, case_reference="LCS3", born_on=None, expected_on=date(2027, 5, 2),
    gender="", meeting_ref="SD-3", referral_ref="", referred_on=None, source="",
    started_on=date(2027, 1, 12), ended_on=date(2027, 1, 30), conference=None, conference_on=None,
    conference_outcome=None, outcome=EnquiryOutcome.NO_CONTINUING_RISK,
    target_on=rules.target_of(date(2027, 1, 12)),
)  # fmt: skip


def written(*rows: Enquiry) -> str:
    return census.as_file(rows, YEAR, "999", MADE).decode()


def test_the_file_is_the_document_that_the_specification_asks_for() -> None:
    rows = [rules.as_at(one, YEAR.last_day) for one in (UNBORN, AGAIN, FIRST)]
    assert written(*rows) == EXPECTED
    found = rules.problems(rows, YEAR, date(2027, 4, 1))
    assert [one.rule for one in found] == ["8600"]  # of the open case, a query


def test_enquiries_of_one_referral_stand_together_whatever_came_between() -> None:
    between = replace(
        UNBORN, child_id=1, case_reference="LCS20007", meeting_ref="SD-4",
        started_on=date(2027, 1, 12),
    )  # fmt: skip
    rows = (FIRST, between, AGAIN)
    child = ElementTree.fromstring(written(*rows)).find("Children/Child")
    assert child is not None
    modules = [len(one.findall("Section47")) for one in child.findall("CINdetails")]
    assert sorted(modules) == [1, 2]
    # None of them has an end here: the case system knows when a case was closed.
    found = rules.problems(rows, YEAR, date(2027, 4, 1))
    told = [(one.rule, one.is_query, one.enquiry.meeting_ref) for one in found]
    assert ("8815", True, "SD-2") in told
    assert "8815" not in {one.rule for one in rules.problems((FIRST, AGAIN), YEAR, STARTED)}


def test_text_cannot_become_markup_in_the_message() -> None:
    message = ElementTree.fromstring(written(replace(FIRST, case_reference="<a>&\x07")))
    assert message.findtext("Children/Child/ChildIdentifiers/LAchildID") == "<a>&"


@pytest.mark.parametrize(
    ("kind", "role", "code"),
    [
        (AgencyKind.POLICE, None, "6"),
        (AgencyKind.POLICE, ProfessionalRole.POLICE_OFFICER, "6"),
        (AgencyKind.HEALTH, ProfessionalRole.GP, "3A"),
        (AgencyKind.HEALTH, ProfessionalRole.MIDWIFE, ""),
        (AgencyKind.HEALTH, None, ""),
        (AgencyKind.EDUCATION, ProfessionalRole.SAFEGUARDING_LEAD, "2A"),
        (AgencyKind.SOCIAL_CARE, None, ""),
        (AgencyKind.HEALTH, ProfessionalRole.HEALTH_VISITOR, "3B"),
        (AgencyKind.HEALTH, ProfessionalRole.SCHOOL_NURSE, "3C"),
        (AgencyKind.HOUSING, None, "4"),
        (AgencyKind.YOUTH_OFFENDING, None, "5B"),
        (AgencyKind.PROBATION, None, "7"),
        (AgencyKind.VOLUNTARY, None, "8"),
        # The council's own adviser is 5B, that of an organisation 8.
        (AgencyKind.DOMESTIC_ABUSE, None, ""),
        (AgencyKind.EARLY_HELP, None, ""),
        (None, None, ""),
    ],
)
def test_a_source_is_coded_only_where_nothing_is_left_to_choose(
    kind: AgencyKind | None, role: ProfessionalRole | None, code: str
) -> None:
    assert codes.referral_source(kind, role) == code


def test_a_sex_is_taken_from_a_word_alone() -> None:
    assert [codes.sex(one, unborn=False) for one in (" Male", "girl", "non-binary", "")] == [
        "M", "F", "", "",
    ]  # fmt: skip
    assert codes.sex("Female", unborn=True) == "U"
    assert [codes.has_disability(one) for one in ("", "None.", "Deaf")] == [None, False, True]
