"""The staff form, filled with what came by the public form: a person looks at every word of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.directory.queries import agency_named
from app.referrals import rules
from app.referrals.public.models import Arrival
from app.referrals.public.rules import asks_for_call
from app.referrals.public.types import Told
from app.referrals.types import Channel, Flag


def form_data(session: Session, held: Arrival, today: date) -> dict[str, Any]:
    """The fields of IntakeForm; `today` is the local day."""
    told = Told.from_text(held.answers)
    you = told.you
    agency = agency_named(session, you.organisation)
    known = agency if agency is not None and agency.ended_at is None else None
    return {
        "arrived": held.ref,
        "received_at": held.sent_at,
        "channel": Channel.FORM.value,
        "source_agency_id": known.id if known else None,
        "source_agency_name": "" if known else you.organisation,
        "referrer_name": you.name,
        "referrer_role": you.role,
        "referrer_email": you.email,
        "referrer_telephone": you.telephone,
        "children": [
            asdict(child) | {"adult_confirmed": rules.is_adult(child.date_of_birth, today)}
            for child in told.children
        ],
        "adults": [asdict(adult) for adult in told.adults],
        "concerns": list(told.concerns),
        "flags": [Flag.RISK_NOW.value] if asks_for_call(told) else [],
        "narrative": told.narrative,
        "consent": told.consent,
        "consent_reason": told.consent_reason,
        "family_told": told.family_told,
        "family_told_note": told.family_told_note,
    }
