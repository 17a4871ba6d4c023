"""What may be decided, with which consent; what comes first; what is no referral (A7, A9, A12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from app.core.refusal import Refused
from app.protocols.types import FIRST_YEAR, Protocol
from app.protocols.ways import Follows, OutcomeWay
from app.protocols.ways_wording import outcome_name
from app.referrals.outcome.types import ONWARD, FilterReason, Ground, OnwardGiven
from app.referrals.rules import age
from app.referrals.types import ConsentState, LawfulBasis, Outcome, Rating

NEEDS_AGENCY = frozenset({Outcome.SHARE_INFORMATION, Outcome.SIGNPOST})
# A filtered contact is decided as this (A12).
FILTERED_AS = Outcome.NO_FURTHER_ACTION
UNDER = 3
_SOON = timedelta(minutes=5)


def way_of(protocol: Protocol, outcome: Outcome) -> OutcomeWay:
    """What the area's protocol says of an outcome; every protocol speaks of each."""
    way = protocol.ways.of_outcome(outcome)
    if way is None:
        raise ValueError(f"protocol {protocol.id} does not speak of {outcome.value}")
    return way


def name_of(protocol: Protocol, outcome: Outcome) -> str:
    """The outcome in the area's own words (IMAP 3)."""
    return outcome_name(way_of(protocol, outcome))


def consent_needed(protocol: Protocol, outcome: Outcome) -> bool:
    """Whether an outcome needs consent, or a lawful basis in its place (A4, A7; IMAP 3)."""
    return way_of(protocol, outcome).consent


def consent_problem(
    protocol: Protocol,
    outcome: Outcome,
    consent: ConsentState | None,
    lawful_basis: LawfulBasis | None,
) -> str | None:
    """Why this outcome may not be chosen with this consent, in words that say what to do, or None.

    Given consent is enough; refused, not sought or overridden needs a lawful basis (A4; IMAP 3).
    """
    if not consent_needed(protocol, outcome):
        return None
    name = name_of(protocol, outcome)
    if consent is None:
        return (
            f"“{name}” needs consent: record consent first, or override it below with the lawful "
            "basis and the reason"
        )
    if consent is not ConsentState.GIVEN and lawful_basis is None:
        return f"“{name}” needs consent: record the lawful basis for going on without it"
    return None


def override_problems(ground: Ground) -> Iterator[Refused]:
    """An override without its basis or its reason; its author is whoever decides (A4; IMAP 2)."""
    if ground.override is None:
        return
    if ground.override.lawful_basis is None:
        yield Refused("lawful_basis", "Choose the lawful basis for overriding consent")
    if not ground.override.reason:
        yield Refused("override_reason", "Say why consent is overridden")


def check_decision(
    protocol: Protocol,
    outcome: Outcome,
    reason: str,
    agency_id: int | None,
    *,
    consent: ConsentState | None,
    lawful_basis: LawfulBasis | None,
    discussion: str | None = None,
    filtered: FilterReason | None = None,
) -> None:
    """Raise Refused where a decision may not be taken (A7, A12; IMAP 3).

    `discussion` is the reference of a strategy discussion that waits, is booked or under way: it
    is cancelled on its own page first, since people are invited to it.
    """
    if not reason:
        raise Refused("reason", "Give the reason for the decision")
    if filtered is not None and outcome is not FILTERED_AS:
        raise Refused("filtered", "What is no referral is closed without an outcome: choose one")
    if discussion is not None and outcome is not Outcome.STRATEGY_DISCUSSION:
        # Beside the outcome of the one form, and the kind of the other.
        raise Refused(
            "filtered" if filtered else "outcome",
            f"Strategy discussion {discussion} is not cancelled: cancel it on its own page first",
        )
    if problem := consent_problem(protocol, outcome, consent, lawful_basis):
        raise Refused("outcome", problem)
    if outcome in NEEDS_AGENCY and agency_id is None:
        raise Refused("agency_id", "Choose the agency")


def filter_offered(protocol: Protocol, rating: Rating | None) -> FilterReason | None:
    """The reason to close as no referral that the rating suggests (HO2014 Merton: blue)."""
    way = protocol.ways.of_rating(rating) if rating else None
    if way is not None and way.follows is Follows.INFORMATION_REQUEST:
        return FilterReason.INFORMATION_REQUEST
    return None


def is_under_three(births: Iterable[tuple[date | None, date | None]], today: date) -> bool:
    """Whether one of the children is under three: a universal offer goes to them first (IMAP 3).

    `births` are dates of birth and due dates; a baby not born yet counts.
    """
    return any(
        age(born, today) < UNDER if born is not None else due is not None for born, due in births
    )


def check_reopen(outcome: Outcome | None, reason: str) -> None:
    """Raise Refused where a referral cannot be opened again."""
    if outcome is None:
        raise Refused("reason", "This referral is open: nothing needs reopening")
    if outcome is Outcome.STRATEGY_DISCUSSION:
        raise Refused(
            "reason",
            "A strategy discussion was decided: what is new belongs there, or cancel it and "
            "change the decision",
        )
    if not reason:
        raise Refused("reason", "Say why the referral is opened again")


def onward_problems(given: OnwardGiven, now: datetime) -> Iterator[Refused]:
    """Everything for which an onward referral cannot stand, by the field of the form (A9)."""
    if given.about not in ONWARD:
        yield Refused("about", "Choose what is referred on")
    if given.agency_id is None and not given.to_name:
        yield Refused("to_name", "Choose the agency, or write to whom it was referred")
    if given.agency_id is not None and given.to_name:
        yield Refused("to_name", "Choose the agency or write a name, not both")
    if given.referred_at > now + _SOON:
        yield Refused("referred_at", "This lies in the future: correct the date or the time")
    elif given.referred_at.year < FIRST_YEAR:
        yield Refused("referred_at", "Check the year")
