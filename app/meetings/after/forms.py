"""What is noted on a step that follows a discussion: shape only."""

from __future__ import annotations

from wtforms import HiddenField

from app.web.choices import RadioField
from app.web.forms import BaseForm, LocalMoment, OnceForm, Passage, Required


class StepForm(OnceForm):
    at = LocalMoment("When", validators=[Required("Enter the day and the time")])
    choice = RadioField("Which", choices=[], validate_choice=False)
    reason = Passage("Why", length=5_000)
    version = HiddenField()


class ToldForm(BaseForm):
    """The quality service was told on the telephone: a button and its token."""
