"""How an action stands, as its owner or the desk says: shape only."""

from __future__ import annotations

from wtforms import HiddenField

from app.meetings.types import ActionState
from app.web.choices import RadioField
from app.web.forms import BaseForm, Passage, Required


class HandOverForm(BaseForm):
    to = RadioField("Whose is it now?", choices=[], validators=[Required("Choose whose it is now")])
    reason = Passage(
        "Why it goes to somebody else",
        length=5_000,
        validators=[Required("Say why it goes to somebody else")],
    )
    version = HiddenField()


class ProgressForm(BaseForm):
    state = RadioField(
        "How does it stand?",
        choices=[(state.value, state.label) for state in ActionState],
        validators=[Required("Choose how it stands")],
    )
    progress = Passage("What was done, or what stands in the way", length=5_000)
    version = HiddenField()
