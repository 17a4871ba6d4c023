"""The form of the list of wards."""

from __future__ import annotations

from typing import Any

from wtforms import Field, HiddenField

from app.directory.wards.rules import mistakes
from app.web.forms import OnceForm, Passage, tidy

MOST_TOLD = 50  # lines; more are mended by going back to where the list came from


class WardsForm(OnceForm):
    """`seen` is the list that the form was filled from."""

    seen = HiddenField(filters=[tidy])
    wards = Passage(
        "Wards",
        description="One in a line: ward, area, team. A team looks after whole areas. "
        "Three columns can be pasted from a spreadsheet.",
    )

    def validate_wards(self, field: Field) -> None:
        """Every wrong line at once: a list of two hundred is not mended line by line."""
        found: list[Any] = mistakes(field.data or "")
        more = len(found) - MOST_TOLD
        last = [f"{more} more lines have a mistake"] if more > 0 else []
        field.errors = [*field.errors, *found[:MOST_TOLD], *last]
