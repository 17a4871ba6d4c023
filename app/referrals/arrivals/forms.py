"""Closing what came by the public form and is no referral."""

from __future__ import annotations

from app.referrals.arrivals.service import LONGEST_REASON
from app.web.forms import BaseForm, Passage, Required


class CloseForm(BaseForm):
    because = Passage(
        "Why is this no referral?",
        length=LONGEST_REASON,
        description="For example a request for information, another area’s, or sent twice.",
        validators=[Required("Say why this is no referral")],
    )
