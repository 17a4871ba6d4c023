"""What came of one step of the ladder."""

from __future__ import annotations

from wtforms import IntegerField, SubmitField
from wtforms.widgets import HiddenInput

from app.meetings.escalation.types import Ending, Move
from app.web.choices import RadioField
from app.web.forms import OnceForm, Passage, Required


class StrikeForm(OnceForm):
    """Why a disagreement is struck."""

    reason = Passage(
        "Why it is struck",
        description="For example, it was recorded for somebody else. The reason stays with the "
        "case.",
        validators=[Required("Say why it is struck: the reason stays with the case")],
    )
    version = IntegerField("Version", widget=HiddenInput(), default=0)


class StepForm(OnceForm):
    """It ends here, and how, or the next step takes it. Two buttons, one text."""

    words = Passage(
        "Who spoke with whom, and what came of it",
        validators=[Required("Say who spoke with whom, and what came of it")],
    )
    ending = RadioField(
        "How it ended, if it ended here",
        choices=[(one.value, one.label) for one in Ending],
        validate_choice=False,  # asked only where it ended: see rules.check_ending
    )
    version = IntegerField("Version", widget=HiddenInput(), default=0)
    next = SubmitField("Not resolved: take it to the next step")
    end = SubmitField("It ended here")

    @property
    def move(self) -> Move:
        return Move.NEXT if self.next.data else Move.END

    @property
    def how(self) -> Ending | None:
        return next((one for one in Ending if one.value == self.ending.data), None)
