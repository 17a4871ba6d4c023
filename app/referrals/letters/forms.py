"""The form of a letter."""

from __future__ import annotations

from wtforms import HiddenField

from app.web.choices import RadioField
from app.web.forms import OnceForm, Passage, Required


class LetterForm(OnceForm):
    # The newest letter that stood on the page: who sends sees what others have sent since.
    newest = HiddenField()
    to = RadioField("To whom?", choices=[], validators=[Required("Choose who gets the letter")])
    added = Passage(
        "Anything to add?",
        length=2000,
        description="It stands in the letter as you write it. No address, no other names, nothing "
        "that an agency answered.",
    )
