"""The form by which a referral is allocated."""

from __future__ import annotations

from app.referrals.forms import Versioned
from app.web.choices import RadioField
from app.web.forms import Passage, Required


class AllocateForm(Versioned):
    social_worker = RadioField(
        "To which social worker?",
        coerce=int,
        choices=[],
        validators=[Required("Choose a social worker")],
    )
    note = Passage(
        "What should they begin with?",
        length=2000,
        description="They read the referral itself. Leave it empty if there is nothing to add.",
    )
