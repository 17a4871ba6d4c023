"""Two questions and a free line."""

from __future__ import annotations

from app.reports.quality.feedback.types import HEARD, PREPARED, View
from app.web.choices import RadioField
from app.web.forms import BaseForm, Passage, Required

_CHOICES = [(one.value, one.label) for one in View]


class FeedbackForm(BaseForm):
    prepared = RadioField(
        PREPARED, choices=_CHOICES, validators=[Required("Say if you knew what it was about")]
    )
    heard = RadioField(
        HEARD, choices=_CHOICES, validators=[Required("Say if what you said was heard")]
    )
    words = Passage("What should we do better?", length=500)
