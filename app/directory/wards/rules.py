"""Reading the list of wards as the council types it: pure."""

from __future__ import annotations

from app.core.refusal import Refused
from app.directory.wards.types import WardGiven

FIELD = "wards"
LONGEST = 80


def read_list(text: str) -> tuple[WardGiven, ...]:
    """Wards from lines of `ward, area, team`, in their order; a tab parts as well as a comma.

    Raises Refused (field `wards`) with the line that has to be mended: three parts, no ward twice,
    and one team for an area, so that areas and teams never overlap and no figure of one can be
    taken from a figure of the other (docs/decisions).
    """
    found: dict[str, WardGiven] = {}
    teams: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = [" ".join(part.split()) for part in line.replace("\t", ",").split(",")]
        if len(parts) != 3 or not all(parts):
            raise Refused(FIELD, f"Line {number}: write ward, area and team, with commas between")
        if any(len(part) > LONGEST for part in parts):
            raise Refused(FIELD, f"Line {number}: shorten each part to {LONGEST} characters")
        ward = WardGiven(*parts)
        if ward.name.casefold() in found:
            raise Refused(FIELD, f"Line {number}: {ward.name} is in the list twice")
        team = teams.setdefault(ward.area, ward.team)
        if team != ward.team:
            raise Refused(
                FIELD, f"Line {number}: the area {ward.area} has the team {team} in a line above"
            )
        found[ward.name.casefold()] = ward
    return tuple(found.values())


def as_list(wards: tuple[WardGiven, ...]) -> str:
    """The list as it is typed."""
    return "\n".join(", ".join(ward) for ward in wards)
