"""The form of the list of wards."""

from __future__ import annotations

from wtforms import HiddenField

from app.web.forms import OnceForm, Passage, tidy


class WardsForm(OnceForm):
    """`seen` is the list that the form was filled from."""

    seen = HiddenField(filters=[tidy])
    wards = Passage(
        "Wards",
        description="One in a line: ward, area, team. A team looks after whole areas. "
        "Three columns can be pasted from a spreadsheet.",
    )
