"""When the assessment was complete: shape only."""

from __future__ import annotations

from app.referrals.forms import Versioned
from app.web.forms import LocalMoment, Required


class CompletedForm(Versioned):
    completed_at = LocalMoment(
        "When was the assessment complete?", validators=[Required("Enter the day and the time")]
    )
