"""Domestic abuse: the area's clocks, and what may leave the list (A8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.refusal import Refused
from app.protocols.loading import load_protocols
from app.protocols.types import Due
from app.referrals.abuse import rules
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    PersonGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
from app.referrals.lists import rules as list_rules
from app.referrals.lists.forms import ORDER
from app.referrals.lists.types import Said
from app.referrals.types import DomesticAbuseRisk, Outcome
from tests.clock import FRIDAY

CONSENT = ReleaseGiven(Release.CONSENT, "Agreed by telephone.")
SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
AS_IT_STANDS = {Outcome.NO_FURTHER_ACTION, Outcome.ADVICE}


@pytest.mark.parametrize(
    ("risk", "received", "label", "due"),
    [
        # DERBY 4.11: high risk on the day of referral (Monday to Friday) ...
        (DomesticAbuseRisk.HIGH, FRIDAY, "Discuss by", date(2026, 11, 20)),
        # ... and the next working day following a weekend or bank holiday
        (DomesticAbuseRisk.HIGH, SATURDAY, "Discuss by", date(2026, 11, 23)),
        # DERBY 4.11: medium screened by the team manager within 3 days, standard within 7 days
        (DomesticAbuseRisk.MEDIUM, FRIDAY, "Screen by (team manager)", date(2026, 11, 23)),
        (DomesticAbuseRisk.STANDARD, FRIDAY, "Screen by (team manager)", date(2026, 11, 27)),
    ],
)
def test_derbys_three_risks(
    risk: DomesticAbuseRisk, received: datetime, label: str, due: date
) -> None:
    answer = rules.clock_of(load_protocols()["derby"], received, risk)
    assert isinstance(answer, Due)
    assert (answer.label, answer.due_at.date(), answer.source) == (label, due, "DERBY 4.11")


@pytest.mark.parametrize("risk", [DomesticAbuseRisk.MEDIUM, DomesticAbuseRisk.STANDARD])
def test_what_a_list_takes_waits_for_the_list(risk: DomesticAbuseRisk) -> None:
    """IMAP 5: medium and lower are considered at the daily information sharing meeting."""
    assert rules.clock_of(load_protocols()["north-lincolnshire"], FRIDAY, risk) is None


@pytest.mark.parametrize(
    ("area", "risk"),
    [
        # IMAP 5: a high risk is for no list, and is a contact.
        ("north-lincolnshire", DomesticAbuseRisk.HIGH),
        # BROMLEY names neither a list nor a time.
        *(("bromley", risk) for risk in DomesticAbuseRisk),
    ],
)
def test_without_a_time_or_a_list_it_is_decided_like_every_contact(
    area: str, risk: DomesticAbuseRisk
) -> None:
    """IMAP 5: decisions on contacts in all safeguarding cases within 24 hours."""
    answer = rules.clock_of(load_protocols()[area], FRIDAY, risk)
    assert isinstance(answer, Due)
    assert (answer.rule, answer.source) == ("contact-decision", "IMAP 5")
    assert answer.due_at == FRIDAY + timedelta(hours=24)
    assert f"neither a time nor a list for domestic abuse of {risk.value} risk" in answer.reason


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_goes_beyond_the_list_needs_consent_or_a_concern(outcome: Outcome) -> None:
    """IMAP 3 names what needs consent; IMAP 5 (B): a concern that raises a contact or referral."""
    if outcome in AS_IT_STANDS:
        rules.check_outcome(outcome, "Because.", released=False, release=None)
    else:
        with pytest.raises(Refused) as refused:
            rules.check_outcome(outcome, "Because.", released=False, release=None)
        assert refused.value.field == "release"
        rules.check_outcome(outcome, "Because.", released=False, release=CONSENT)
        rules.check_outcome(outcome, "Because.", released=True, release=None)
    with pytest.raises(Refused) as refused:
        rules.check_outcome(outcome, "", released=True, release=None)
    assert refused.value.field == "reason"


def test_a_list_offers_every_outcome() -> None:
    assert set(ORDER) == set(Outcome)


def test_consent_and_concern_need_their_words() -> None:
    with pytest.raises(Refused, match="Say who gave consent"):
        rules.check_release(ReleaseGiven(Release.CONCERN, ""), has_child=True)


def problems(**changes: object) -> list[str]:
    values: dict[str, object] = {
        "received_at": FRIDAY,
        "risk": DomesticAbuseRisk.MEDIUM,
        "account": "Shouting.",
        "source_agency_id": 1,
        "people": (PersonGiven(PersonKind.HARMED, "A", "B"),),
    }
    given = CaseGiven(**(values | changes))  # type: ignore[arg-type]
    return [problem.field for problem in rules.case_problems(given, FRIDAY)]


def test_what_a_case_needs() -> None:
    assert problems() == []
    assert problems(source_agency_id=None) == ["source_agency_id"]
    assert problems(received_at=FRIDAY + timedelta(minutes=1)) == ["received_at"]
    assert problems(received_at=FRIDAY.replace(year=1066)) == ["received_at"]
    assert problems(risk=None, account="") == ["risk", "account"]
    assert problems(people=()) == ["people"]
    for born in (date(2026, 11, 21), date(1856, 1, 1)):
        person = PersonGiven(PersonKind.CHILD, "A", "B", born)
        assert problems(people=(person,)) == ["people-0-date_of_birth"]
    baby = PersonGiven(PersonKind.CHILD, "", "B", due_date=date(2027, 3, 1))
    assert problems(people=(baby,)) == []
    assert problems(people=(replace(baby, family_name=""),)) == ["people-0-given_name"]
    for wrong in (
        replace(baby, date_of_birth=date(2026, 1, 1)),
        replace(baby, due_date=date(2028, 3, 1)),
    ):
        assert problems(people=(wrong,)) == ["people-0-due_date"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (AssessmentGiven(None), "risk"),
        (AssessmentGiven(DomesticAbuseRisk.HIGH, dash_score=25), "dash_score"),
        (AssessmentGiven(DomesticAbuseRisk.HIGH, dash_score=-1), "dash_score"),
        (AssessmentGiven(DomesticAbuseRisk.HIGH, marac_on=date(2026, 11, 21)), "marac_on"),
    ],
)
def test_what_an_assessment_may_not_say(given: AssessmentGiven, field: str) -> None:
    today = date(2026, 11, 20)
    assert [one.field for one in rules.assessment_problems(given, today)] == [field]


def test_an_outcome_has_its_reason_and_where_it_goes_its_agency() -> None:
    list_rules.check_said(Said("Heard."), ended=False)
    for said, field in (
        (Said("", Outcome.ADVICE), "reason"),
        (Said("", Outcome.SIGNPOST, "Because."), "agency_id"),
    ):
        with pytest.raises(Refused) as refused:
            list_rules.check_said(said, ended=False)
        assert refused.value.field == field
    with pytest.raises(Refused, match="has ended"):
        list_rules.check_said(Said("Late."), ended=True)
    with pytest.raises(Refused, match="who took part"):
        list_rules.check_end("", ended=False)


@pytest.mark.parametrize(
    ("numbers", "after", "on_to"),
    [([2, 3], 1, 2), ([1, 3], 3, 1), ([1, 4], 3, 4), ([], 3, None), ([2], 2, None)],
)
def test_on_to_the_next_case_then_to_what_was_passed_over(
    numbers: list[int], after: int, on_to: int | None
) -> None:
    assert list_rules.next_open(numbers, after) == on_to
