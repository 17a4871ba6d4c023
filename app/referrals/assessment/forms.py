"""When assessments were complete: shape only."""

from __future__ import annotations

from wtforms import HiddenField

from app.referrals.forms import Versioned
from app.web.choices import SelectMultipleField
from app.web.forms import BaseForm, LocalMoment, Passage, Required


class CompletedForm(Versioned):
    completed_at = LocalMoment(
        "When was the assessment complete?", validators=[Required("Enter the day and the time")]
    )


class PastForm(BaseForm):
    shown = HiddenField()  # the references on the page, with blanks between
    # One that somebody settled meanwhile is no choice any more, and no mistake.
    complete = SelectMultipleField(
        "Which were complete before this installation counted?", choices=[], validate_choice=False
    )
    reason = Passage(
        "How do you know?",
        length=1000,
        description="For example: the case system shows them as closed. No names.",
        validators=[Required("Say how you know that they were complete")],
    )
