"""Why no discussion speaks of a child who joined: shape only."""

from __future__ import annotations

from app.web.choices import SelectMultipleField
from app.web.forms import OnceForm, Passage, Required


class NoneNeededForm(OnceForm):
    # Of whom a discussion speaks meanwhile is no choice any more: the rule says so.
    children = SelectMultipleField(
        "For whom is no discussion needed?",
        coerce=int,
        choices=[],
        validate_choice=False,
        validators=[Required("Choose for whom no discussion is needed")],
    )
    reason = Passage(
        "Why is no discussion needed?",
        length=2000,
        validators=[Required("Say why no discussion is needed")],
    )
