"""What taking a record back asks for."""

from __future__ import annotations

from wtforms import HiddenField

from app.records.rules import LONGEST_REASON
from app.web.forms import BaseForm, Line, OnceForm, Passage, Required


class RecallForm(BaseForm):
    """`number` is the version that the page showed."""

    number = HiddenField()
    reason = Passage(
        "Why the record is recalled",
        length=LONGEST_REASON,
        validators=[Required("Say why the record is recalled")],
    )


class CloseForm(BaseForm):
    reason = Passage(
        "Why no corrected record follows",
        length=LONGEST_REASON,
        validators=[Required("Say why no corrected record follows")],
    )


class ToldForm(OnceForm):
    said = Line("What was said (optional)", length=1_000)
