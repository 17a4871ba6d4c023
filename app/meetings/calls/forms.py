"""One tap for each call."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import AnyOf

from app.meetings.calls.types import Outcome
from app.web.forms import Line, OnceForm


class CallForm(OnceForm):
    outcome = StringField(
        validators=[AnyOf([one.value for one in Outcome], message="Tap what came of the call")]
    )
    said = Line("What was said", length=1_000)
