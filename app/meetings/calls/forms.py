"""One tap for each call, and the number to call."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired

from app.meetings.calls.types import Outcome
from app.web.forms import Line, OnceForm, Required


class CallForm(OnceForm):
    outcome = StringField(
        validators=[AnyOf([one.value for one in Outcome], message="Tap what came of the call")]
    )
    said = Line("What was said", length=1_000)


class NumberForm(OnceForm):
    version = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])
    telephone = Line("Number", length=60, validators=[Required("Enter the number")])
