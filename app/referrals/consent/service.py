"""Consent on a referral, each state kept (A4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals import rules
from app.referrals.acting import staff_id, subject_of, unchanged
from app.referrals.consent.rules import not_sought_problems
from app.referrals.models import Referral, ReferralConsent
from app.referrals.types import ConsentGiven


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
    unchanged(referral, version)
    rules.check(rules.consent_problems(given))
    protocol = active(directory.council(session).protocol_id)
    rules.check(not_sought_problems(protocol, given))
    consent = ReferralConsent(
        referral_id=referral.id,
        state=given.state,
        lawful_basis=given.lawful_basis,
        reason=given.reason or None,
        family_told=given.family_told,
        family_told_note=given.family_told_note or None,
        recorded_by_id=staff_id(actor),
        recorded_at=now,
    )
    session.add(consent)
    referral.consent, referral.lawful_basis = given.state, given.lawful_basis
    session.flush()
    record(
        session, actor, "consent recorded", subject_of(referral), now,
        {
            "state": given.state.value,
            "lawful_basis": given.lawful_basis.value if given.lawful_basis else None,
            "family_told": given.family_told,
        },
    )  # fmt: skip
    return consent
