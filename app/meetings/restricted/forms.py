"""Restricting a case, opening one, looking at that afterwards."""

from __future__ import annotations

from app.web.choices import SelectMultipleField
from app.web.forms import BaseForm, Line, OnceForm, Passage, Required


class RestrictForm(BaseForm):
    readers = SelectMultipleField("Who may see it", coerce=int, choices=[])
    reason = Passage(
        "Reason", length=2000, validators=[Required("Enter the reason")],
        description="Such as: the child of a colleague. Only those who may see the case read it.",
    )  # fmt: skip


class FindForm(BaseForm):
    class Meta:
        csrf = False  # asks, and changes nothing

    reference = Line(
        "Reference of the case",
        validators=[Required("Enter the reference, such as RF-7K2M-9QXD")],
        description="It stands in every message about the case. Whoever needs help can tell you.",
    )


class OpenForm(OnceForm):
    reason = Passage(
        "Why do you need to see it now?",
        length=2000,
        validators=[Required("Say why you need to see this case now")],
        description="Your manager reads it.",
    )


class ReviewForm(BaseForm):
    review = Passage(
        "What you found", length=2000, validators=[Required("Say what you found")],
        description="Was it right to open it? If not, what was done?",
    )  # fmt: skip
