"""What people do with a referral as a whole: enter it, change what it is about."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.core.crypto import new_reference
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals import rules
from app.referrals.abuse import begun as abuse
from app.referrals.acting import (
    children_first,
    staff_id,
    subject_of,
    taken_first,
    unchanged,
)
from app.referrals.assessment.due import count_assessment
from app.referrals.came_in.source import referrer_of, source_of
from app.referrals.children import child_of_intake
from app.referrals.consent.rules import first_contact_problems
from app.referrals.consent.service import add_consent as add_consent
from app.referrals.models import Referral, ReferralAdult, ReferralChild
from app.referrals.outcome.service import decide as decide
from app.referrals.rating.queries import reopened_at
from app.referrals.rating.rules import check_rating
from app.referrals.rating.service import rate as rate
from app.referrals.re_referrals import earlier_of
from app.referrals.same_child import service as same_child
from app.referrals.types import ConcernsGiven, Intake, ReferralState


def enter_referral(
    session: Session,
    actor: Actor,
    intake: Intake,
    now: datetime,
    *,
    ref: str | None = None,
    of_abuse_case: bool = False,
) -> Referral:
    """Enter a referral with its children, adults, first rating and consent (A1-A5).

    Works out office hours, when the decision is due (IMAP 5), and whether it is a re-referral
    (A3). `actor` is a member of staff; moments are aware; `ref` is the reference where the
    referrer was told one already. A domestic abuse risk begins its case at once (DERBY 4.11), but
    for one that comes `of_abuse_case`. Raises Refused by the form's field.
    """
    rules.check(rules.intake_problems(intake, now))
    settings = directory.council(session)
    protocol = active(settings.protocol_id)
    check_rating(protocol, intake.rating)
    rules.check(first_contact_problems(protocol, intake.consent))
    children_first(session, [given.same_as for given in intake.children if given.same_as])
    source_id = source_of(session, actor, intake, now)
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
        recorded_by_id=staff_id(actor),
        in_office_hours=rules.in_office_hours(intake.received_at, settings),
        channel=intake.channel,
        source_agency_id=source_id,
        referrer_name=intake.referrer_name or None,
        referrer_role=intake.referrer_role or None,
        referrer_email=intake.referrer_email or None,
        referrer_telephone=intake.referrer_telephone or None,
        referrer_professional_id=referrer_of(session, intake),
        concerns=[concern.value for concern in intake.concerns],
        flags=sorted(flag.value for flag in intake.flags),
        narrative=intake.narrative,
        domestic_abuse=intake.domestic_abuse,
        identified_at=intake.identified_at,
        immediate_action_at=intake.immediate_action_at,
        hospital=intake.hospital or None,
        ward_id=intake.ward_id,
        earlier_referral_id=earlier_of(
            session, [child.id for child in children], intake.received_at
        ),
        children=[
            ReferralChild(child=child, position=place) for place, child in enumerate(children)
        ],
        adults=[
            ReferralAdult(**{f.name: getattr(adult, f.name) for f in fields(adult)})
            for adult in intake.adults
        ],
    )
    facts = rules.facts_of(referral)
    referral.decision_due_at = rules.decision_due(protocol, facts)
    referral.act_by_at = rules.act_by(protocol, facts)
    session.add(referral)
    session.flush()
    for child, given, held in zip(children, intake.children, before, strict=True):
        if held is not None:
            same_child.said_at_intake(session, actor, referral, child, given, held, now)
    record(
        session, actor, "referral entered", subject_of(referral), now,
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
    if referral.domestic_abuse is not None and not of_abuse_case:
        abuse.begin(session, actor, referral, referral.domestic_abuse, now)
    if intake.rating is not None:
        rate(session, actor, referral, intake.rating, intake.rating_reason, now)
    if intake.consent is not None:
        add_consent(session, actor, referral, intake.consent, now)
    return referral


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
    taken_first(session, referral.id)
    unchanged(referral, version)
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
    before = referral.domestic_abuse
    for name in changed:
        setattr(referral, name, fresh[name])
    protocol = active(directory.council(session).protocol_id)
    facts = rules.facts_since(referral, reopened_at(session, referral.id))
    referral.act_by_at = rules.act_by(protocol, facts)
    count_assessment(session, referral)
    session.flush()
    record(
        session, actor, "concerns changed", subject_of(referral), now,
        {"changed": changed, "flags": referral.flags, "concerns": referral.concerns},
    )  # fmt: skip
    abuse.follow_referral(session, actor, referral, before, now)
