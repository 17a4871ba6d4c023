"""Wards of the council, each in an area that one team looks after (G3)."""

from __future__ import annotations

from typing import NamedTuple


class WardGiven(NamedTuple):
    """A ward as the council lists it. A team looks after whole areas."""

    name: str
    area: str
    team: str
