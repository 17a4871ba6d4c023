"""How a referral came in, in the field's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.directory.types import AgencyKind
from app.referrals.types import Channel


@dataclass(frozen=True, slots=True)
class CameInGiven:
    """How a referral came in, as changed later (A1). `received_at` is aware; empty text means not
    known."""

    received_at: datetime
    channel: Channel
    source_agency_id: int | None = None
    # The name of a source that is not in the directory yet.
    source_agency_name: str = ""
    source_agency_kind: AgencyKind | None = None
    referrer_name: str = ""
    referrer_role: str = ""
    referrer_email: str = ""
    referrer_telephone: str = ""
    referrer_professional_id: int | None = None
    ward_id: int | None = None
