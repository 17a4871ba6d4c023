"""What people do with a referral: enter it, record consent, rate it, decide."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.directory.models import CouncilSettings
from app.directory.service import agency_from_referral
from app.protocols.registry import active
from app.referrals import queries, rules
from app.referrals.children import child_of_intake
from app.referrals.models import (
    Referral,
    ReferralAdult,
    ReferralChild,
    ReferralConsent,
    ReferralDecision,
    ReferralRating,
)
from app.referrals.same_child import service as same_child
from app.referrals.types import (
    ChangedMeanwhile,
    ConcernsGiven,
    ConsentGiven,
    Intake,
    Outcome,
    Rating,
    ReferralState,
)


def enter_referral(
    session: Session, actor: Actor, intake: Intake, now: datetime, *, ref: str | None = None
) -> Referral:
    """Enter a referral with its children, adults, first rating and consent (A1-A5).

    Works out office hours, when the decision is due (IMAP 5), and whether it is a re-referral
    (A3). `actor` is a member of staff; moments are aware; `ref` is the reference where the
    referrer was told one already. Raises Refused by the form's field.
    """
    rules.check(rules.intake_problems(intake, now))
    settings = directory.council(session)
    _check_rating(settings, intake.rating)
    source_id = _source(session, actor, intake, now)
    before = [same_child.held_before(session, given) for given in intake.children]
    children = [
        child_of_intake(session, actor, given, place, now)
        for place, given in enumerate(intake.children)
    ]
    referral = Referral(
        ref=ref or new_reference("RF"),
        state=ReferralState.RECEIVED,
        received_at=intake.received_at,
        recorded_at=now,
        recorded_by_id=_staff_id(actor),
        in_office_hours=rules.in_office_hours(intake.received_at, settings),
        channel=intake.channel,
        source_agency_id=source_id,
        referrer_name=intake.referrer_name or None,
        referrer_role=intake.referrer_role or None,
        referrer_contact=intake.referrer_contact or None,
        referrer_professional_id=_referrer(session, intake),
        concerns=[concern.value for concern in intake.concerns],
        flags=sorted(flag.value for flag in intake.flags),
        narrative=intake.narrative,
        domestic_abuse=intake.domestic_abuse,
        rating=None,
        identified_at=intake.identified_at,
        need_identified_at=None,
        immediate_action_at=intake.immediate_action_at,
        hospital=intake.hospital or None,
        consent=None,
        lawful_basis=None,
        earlier_referral_id=_earlier(session, [child.id for child in children], intake.received_at),
        outcome=None,
        decided_at=None,
        children=[
            ReferralChild(child=child, position=place) for place, child in enumerate(children)
        ],
        adults=[
            ReferralAdult(**{f.name: getattr(adult, f.name) for f in fields(adult)})
            for adult in intake.adults
        ],
    )
    referral.decision_due_at = rules.decision_due(
        active(settings.protocol_id), rules.facts_of(referral)
    )
    session.add(referral)
    session.flush()
    for child, given, held in zip(children, intake.children, before, strict=True):
        if held is not None:
            same_child.said_at_intake(session, actor, referral, child, given, held, now)
    record(
        session, actor, "referral entered", _subject(referral), now,
        {
            "channel": referral.channel.value,
            "children": [child.ref for child in children],
            "known_children": [given.same_as for given in intake.children if given.same_as],
            "adults": len(referral.adults),
            "concerns": referral.concerns,
            "flags": referral.flags,
            "in_office_hours": referral.in_office_hours,
            "re_referral": referral.earlier_referral_id is not None,
            "decision_due_at": referral.decision_due_at.isoformat(),
        },
    )  # fmt: skip
    if intake.rating is not None:
        rate(session, actor, referral, intake.rating, intake.rating_reason, now)
    if intake.consent is not None:
        add_consent(session, actor, referral, intake.consent, now)
    return referral


def add_consent(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: ConsentGiven,
    now: datetime,
    version: int | None = None,
) -> ReferralConsent:
    """Record a state of consent; earlier ones stay (A4; IMAP 1-3).

    `version` is the referral's as the form showed it. Raises Refused where the basis or reason
    is missing, ChangedMeanwhile where somebody changed the referral first.
    """
    _unchanged(referral, version)
    rules.check(rules.consent_problems(given))
    consent = ReferralConsent(
        referral_id=referral.id,
        state=given.state,
        lawful_basis=given.lawful_basis,
        reason=given.reason or None,
        family_told=given.family_told,
        family_told_note=given.family_told_note or None,
        recorded_by_id=_staff_id(actor),
        recorded_at=now,
    )
    session.add(consent)
    referral.consent, referral.lawful_basis = given.state, given.lawful_basis
    session.flush()
    record(
        session, actor, "consent recorded", _subject(referral), now,
        {
            "state": given.state.value,
            "lawful_basis": given.lawful_basis.value if given.lawful_basis else None,
            "family_told": given.family_told,
        },
    )  # fmt: skip
    return consent


def rate(
    session: Session,
    actor: Actor,
    referral: Referral,
    rating: Rating,
    reason: str,
    now: datetime,
    version: int | None = None,
) -> ReferralRating:
    """Rate a referral; every rating keeps who, when and why (A5; HO2014 Sandwell, Merton).

    Raises Refused for a rating that the area does not have or without a reason, ChangedMeanwhile
    where somebody changed the referral first.
    """
    _unchanged(referral, version)
    _check_rating(directory.council(session), rating)
    if not reason:
        raise Refused("rating_reason", "Give the reason for the rating")
    before = referral.rating
    row = ReferralRating(
        referral_id=referral.id,
        rating=rating,
        reason=reason,
        rated_by_id=_staff_id(actor),
        rated_at=now,
    )
    session.add(row)
    referral.rating = rating
    session.flush()
    record(
        session, actor, "referral rated", _subject(referral), now,
        {"rating": rating.value, "before": before.value if before else None},
    )  # fmt: skip
    return row


def decide(
    session: Session,
    actor: Actor,
    referral: Referral,
    outcome: Outcome,
    reason: str,
    now: datetime,
    *,
    agency_id: int | None = None,
    discussion_cancelled: bool = False,
    version: int | None = None,
) -> ReferralDecision:
    """Decide what becomes of a referral (A7; IMAP 3, 5). The last decision is the one that holds.

    For a strategy discussion the meetings floor calls this; everything else is decided here.
    `agency_id` is the agency signposted to or given the information; `discussion_cancelled` says
    that a discussion decided before was cancelled. Raises Refused by the field,
    ChangedMeanwhile where somebody changed the referral first.
    """
    _unchanged(referral, version)
    rules.check_decision(
        outcome,
        reason,
        agency_id,
        earlier=referral.outcome,
        consent=referral.consent,
        lawful_basis=referral.lawful_basis,
        discussion_cancelled=discussion_cancelled,
    )
    if agency_id is not None and directory.agency(session, agency_id) is None:
        raise Refused("agency_id", "Choose the agency from the list")
    before = referral.outcome
    decision = ReferralDecision(
        referral_id=referral.id,
        outcome=outcome,
        reason=reason,
        agency_id=agency_id if outcome in rules.NEEDS_AGENCY else None,
        decided_by_id=_staff_id(actor),
        decided_at=now,
    )
    session.add(decision)
    referral.outcome = outcome
    referral.state = ReferralState.DECIDED
    # The clock of IMAP 5 stops at the first decision; a later one does not make it late.
    referral.decided_at = referral.decided_at or now
    session.flush()
    record(
        session, actor, "referral decided", _subject(referral), now,
        {
            "outcome": outcome.value,
            "before": before.value if before else None,
            "agency": decision.agency_id,
            "in_time": referral.decided_at <= referral.decision_due_at,
        },
    )  # fmt: skip
    return decision


def change_concerns(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: ConcernsGiven,
    now: datetime,
    version: int | None = None,
) -> None:
    """Change what a referral is about: concerns, circumstances, what was said (A1, A9).

    Raises Refused by the field, ChangedMeanwhile where somebody changed the referral first.
    """
    _unchanged(referral, version)
    rules.check(rules.concern_problems(given, now))
    fresh: dict[str, object] = {
        "concerns": [concern.value for concern in given.concerns],
        "flags": sorted(flag.value for flag in given.flags),
        "narrative": given.narrative,
        "domestic_abuse": given.domestic_abuse,
        "identified_at": given.identified_at,
        "immediate_action_at": given.immediate_action_at,
        "hospital": given.hospital or None,
    }
    changed = sorted(name for name, value in fresh.items() if getattr(referral, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(referral, name, fresh[name])
    session.flush()
    record(
        session, actor, "concerns changed", _subject(referral), now,
        {"changed": changed, "flags": referral.flags, "concerns": referral.concerns},
    )  # fmt: skip


def _source(session: Session, actor: Actor, intake: Intake, now: datetime) -> int:
    if intake.source_agency_id is None:
        return agency_from_referral(session, actor, intake.source_agency_name, now).id
    agency = directory.agency(session, intake.source_agency_id)
    if agency is None:
        raise Refused("source_agency_id", "Choose where the referral came from")
    return agency.id


def _referrer(session: Session, intake: Intake) -> int | None:
    if intake.referrer_professional_id is None:
        return None
    person = directory.professional(session, intake.referrer_professional_id)
    if person is None:
        raise Refused("referrer_professional_id", "Choose the referrer from the list")
    return person.id


def _earlier(session: Session, child_ids: list[int], received_at: datetime) -> int | None:
    for earlier in queries.referrals_on(session, child_ids):
        if rules.is_re_referral(earlier.received_at, received_at):
            return earlier.id
    return None


def _check_rating(settings: CouncilSettings, rating: Rating | None) -> None:
    if rating is None:
        return
    ratings = active(settings.protocol_id).ratings
    if rating.value not in [one.value for one in ratings]:
        names = ", ".join(one.value for one in ratings)
        raise Refused("rating", f"This area rates {names}: choose one of them")


def _unchanged(referral: Referral, version: int | None) -> None:
    """A version given by a form must be the one in the database; None where there is no form."""
    if version is not None and version != referral.version:
        raise ChangedMeanwhile


def _staff_id(actor: Actor) -> int:
    if actor.id is None:
        raise ValueError("only a member of staff does this: the actor has no id")
    return actor.id


def _subject(referral: Referral) -> Subject:
    return Subject("referral", referral.ref)
