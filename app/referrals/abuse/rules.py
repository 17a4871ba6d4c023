"""Domestic abuse: clocks, what may stand, what may leave the list. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime

from app.core.clock import london_date
from app.core.refusal import Refused
from app.protocols.rules import clocks
from app.protocols.types import FIRST_YEAR, Clock, ClockError, Due, Facts
from app.protocols.types import Protocol as LocalProtocol
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
from app.referrals.rules import OLDEST, age, is_due_date
from app.referrals.types import Concern, DomesticAbuseRisk, Outcome

DASH_QUESTIONS = 24
MOST_PEOPLE = 12
ADD_THE_CHILD = (
    "No child is named on this case: add the child, or the baby not born yet with its due date, "
    "to what was reported first."
)

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
    return Facts(received_at=received_at, domestic_abuse=risk)


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


def asks_risk(protocol: LocalProtocol) -> bool:
    """Whether the area has a clock or a list of its own for domestic abuse: then a risk that is not
    known leaves a child on neither (A8)."""
    return any(series.domestic_abuse for series in protocol.series) or any(
        rule.clock is Clock.DOMESTIC_ABUSE_DISCUSSION for rule in protocol.rules
    )


def risk_wanted(
    protocol: LocalProtocol, concerns: Collection[str], risk: DomesticAbuseRisk | None
) -> bool:
    """Whether the risk of domestic abuse on a referral is still to be assessed."""
    return risk is None and Concern.DOMESTIC_ABUSE.value in concerns and asks_risk(protocol)


def is_graver(risk: DomesticAbuseRisk, before: DomesticAbuseRisk) -> bool:
    """Whether a risk is graver than another: high, then medium, then standard."""
    order = list(DomesticAbuseRisk)
    return order.index(risk) < order.index(before)


def release_needed(outcome: Outcome) -> bool:
    """Whether an outcome takes the information out of the list: each that needs consent, and each
    that raises a referral (IMAP 3, 5)."""
    return outcome in TELLS_OTHERS or outcome in RAISES_REFERRAL


def check_outcome(
    outcome: Outcome,
    reason: str,
    *,
    released: bool,
    release: ReleaseGiven | None,
    has_child: bool = True,
) -> None:
    """Raise Refused where an outcome may not be recorded on a case (IMAP 2, 3, 5).

    `released` says that consent or a concern stands already, `release` is what is given now.
    """
    if not reason:
        raise Refused("reason", "Give the reason for the outcome")
    if outcome in RAISES_REFERRAL and not has_child:
        raise Refused("outcome", f"“{outcome.label}” is about a child. {ADD_THE_CHILD}")
    if release_needed(outcome) and not released and release is None:
        raise Refused(
            "release",
            f"“{outcome.label}” takes this beyond the list: "
            "record consent or a safeguarding concern, or choose another outcome",
        )


def check_release(given: ReleaseGiven, *, has_child: bool) -> None:
    """Raise Refused for consent or a concern without its words (A4; IMAP 2), and without the child
    whom the referral would be about: consent alone may be about adults."""
    if not given.reason:
        raise Refused(
            "release_reason", "Say who gave consent and when, or what the safeguarding concern is"
        )
    if has_child:
        return
    if given.kind is Release.CONCERN:
        raise Refused("release", f"A concern makes a referral about a child. {ADD_THE_CHILD}")
    if not given.no_child:
        raise Refused("no_child", f"{ADD_THE_CHILD} Or tick here that there is none")


def check_shared(outcome: Outcome, problem: str | None, ref: str) -> None:
    """Raise Refused where the case is a referral and an outcome would tell others about it without
    the consent, or the lawful basis, that stands on the referral (IMAP 2, 3). `problem` is what the
    rule of consent says against it, `ref` the referral's reference."""
    if problem is not None:
        raise Refused(
            "outcome",
            f"“{outcome.label}” needs consent, and none stands on referral {ref}: record consent, "
            "or the lawful basis for going on without it, on the referral first",
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
        who = person.name or person.kind.label.lower()
        born, due = person.date_of_birth, person.due_date
        if born is not None and not _is_birth(born, today):
            yield Refused(f"people-{place}-date_of_birth", f"Check the date of birth of {who}")
        elif person.kind is PersonKind.CHILD and not person.name:
            yield Refused(
                f"people-{place}-given_name",
                "Enter the child's name; for a baby not born yet the mother's family name is "
                "enough",
            )
        elif born is not None and due is not None:
            yield Refused(
                f"people-{place}-due_date",
                "Give the date of birth or, for a baby not born yet, the due date",
            )
        elif due is not None and not is_due_date(due, today):
            yield Refused(
                f"people-{place}-due_date",
                "The due date must be within the next ten months: check it",
            )


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
