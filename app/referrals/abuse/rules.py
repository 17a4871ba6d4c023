"""Domestic abuse: clocks, what may stand, what may leave the list. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from app.core.clock import london_date
from app.core.refusal import Refused
from app.protocols.rules import clocks
from app.protocols.types import FIRST_YEAR, Clock, ClockError, Due, Facts
from app.protocols.types import DomesticAbuseRisk as RiskFact
from app.protocols.types import Protocol as LocalProtocol
from app.referrals.abuse.types import AssessmentGiven, CaseGiven, ReleaseGiven
from app.referrals.rules import OLDEST, age
from app.referrals.types import DomesticAbuseRisk, Outcome

DASH_QUESTIONS = 24
MOST_PEOPLE = 12

# With these somebody outside the list is told (IMAP 3: consent required).
TELLS_OTHERS = frozenset(
    {
        Outcome.SHARE_INFORMATION,
        Outcome.UNIVERSAL_OFFER,
        Outcome.TARGETED_SUPPORT,
        Outcome.SIGNPOST,
        Outcome.EARLY_HELP,
    }
)
# These go on as a contact or referral, which the information may follow (IMAP 2, 5).
RAISES_REFERRAL = frozenset({Outcome.STRATEGY_DISCUSSION, Outcome.SECTION_17})


def facts(received_at: datetime, risk: DomesticAbuseRisk) -> Facts:
    """What the clock of a case is worked out from (B4)."""
    return Facts(received_at=received_at, domestic_abuse=RiskFact(risk.value))


def clock_of(
    protocol: LocalProtocol, received_at: datetime, risk: DomesticAbuseRisk
) -> Due | ClockError | None:
    """When a case of this risk is to be discussed or screened (DERBY 4.11).

    None where the area's list takes this risk instead, at its own time (IMAP 5, second part). An
    area that names neither a time nor a list decides on it like on every contact, within 24 hours
    (IMAP 5): no case waits without an end.
    """
    answers = clocks(protocol, facts(received_at, risk))
    own = answers.get(Clock.DOMESTIC_ABUSE_DISCUSSION)
    if own is not None or any(risk.value in series.domestic_abuse for series in protocol.series):
        return own
    contact = answers.get(Clock.CONTACT_DECISION)
    if isinstance(contact, Due):
        why = (
            f"{contact.reason} {protocol.name} names neither a time nor a list for domestic abuse "
            f"of {risk.value} risk, so it is decided like every contact."
        )
        return replace(contact, reason=why)
    return contact


def release_needed(outcome: Outcome) -> bool:
    """Whether an outcome takes the information out of the list: each that needs consent, and each
    that raises a referral (IMAP 3, 5)."""
    return outcome in TELLS_OTHERS or outcome in RAISES_REFERRAL


def check_outcome(
    outcome: Outcome, reason: str, *, released: bool, release: ReleaseGiven | None
) -> None:
    """Raise Refused where an outcome may not be recorded on a case (IMAP 2, 3, 5).

    `released` says that consent or a concern stands already, `release` is what is given now.
    """
    if not reason:
        raise Refused("reason", "Give the reason for the outcome")
    if release_needed(outcome) and not released and release is None:
        raise Refused(
            "release",
            f"“{outcome.label}” takes this beyond the list: "
            "record consent or a safeguarding concern, or choose another outcome",
        )


def check_release(given: ReleaseGiven) -> None:
    """Raise Refused for consent or a concern without its words (A4; IMAP 2)."""
    if not given.reason:
        raise Refused(
            "release_reason", "Say who gave consent and when, or what the safeguarding concern is"
        )


def case_problems(given: CaseGiven, now: datetime) -> Iterator[Refused]:
    """Everything for which a case cannot stand, by the field of the form; `now` is aware. The third
    of the people given is `people-2`."""
    if given.source_agency_id is None:
        yield Refused("source_agency_id", "Choose the agency that reported it")
    if given.received_at > now:
        yield Refused("received_at", "It was received at a time in the future: correct it")
    elif given.received_at.year < FIRST_YEAR:
        yield Refused("received_at", "Check the year")
    if given.risk is None:
        yield Refused("risk", "Choose the risk")
    if not given.account:
        yield Refused("account", "Say what was reported")
    if not given.people:
        yield Refused("people", "Enter at least one person: an adult or a child")
    today = london_date(now)
    for place, person in enumerate(given.people):
        if person.date_of_birth is not None and not _is_birth(person.date_of_birth, today):
            yield Refused(f"people-{place}", f"Check the date of birth of {person.name}")


def assessment_problems(given: AssessmentGiven, today: date) -> Iterator[Refused]:
    """Everything for which an assessment cannot stand, by the field of the form."""
    if given.risk is None:
        yield Refused("risk", "Choose the risk")
    if given.dash_score is not None and not 0 <= given.dash_score <= DASH_QUESTIONS:
        yield Refused("dash_score", f"The DASH score is a number from 0 to {DASH_QUESTIONS}")
    if given.marac_on is not None and given.marac_on > today:
        yield Refused("marac_on", "The referral to the MARAC is in the future: correct the date")


def _is_birth(born: date, today: date) -> bool:
    return born <= today and age(born, today) <= OLDEST
