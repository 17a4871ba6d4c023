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

    def ask(self, choices: list[tuple[str, str]], *, reason: bool) -> None:
        """What this step asks beside the date: all that is missing is named at once."""
        self.choice.choices = choices
        if choices:
            self.choice.validators = [Required("Choose one of these")]
        if reason:
            self.reason.validators = [*self.reason.validators, Required("Say why")]


class ToldForm(BaseForm):
    """The quality service was told on the telephone: a button and its token."""
