"""What people do with mail that was left to them."""

from __future__ import annotations

from app.meetings.forms import TOLD
from app.web.choices import RadioField
from app.web.forms import BaseForm, Line, Passage, Required


class TakeForm(BaseForm):
    """A button and its token."""


class NoteForm(BaseForm):
    answer = RadioField(
        "Whether they take part",
        choices=[(each.value, each.label) for each in TOLD],
        validators=[Required("Choose what they said")],
    )
    note = Line("Anything to add")


class CloseForm(BaseForm):
    done = Passage(
        "What was done",
        description="For example “Telephoned: comes with a colleague”, or “Not about a meeting”",
        validators=[Required("Say what was done, in a word or two")],
        length=2_000,
    )
