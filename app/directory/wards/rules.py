"""Reading the list of wards as the council types it: pure."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.refusal import Refused
from app.directory.wards.types import WardGiven

FIELD = "wards"
LONGEST = 80


def read_list(text: str) -> tuple[WardGiven, ...]:
    """Wards from lines of `ward, area, team`, in their order; a tab parts as well as a comma.

    Raises Refused (field `wards`) with the first line that has to be mended; see `mistakes`.
    """
    found, wrong = _read(text)
    if wrong:
        raise Refused(FIELD, wrong[0])
    return found


def mistakes(text: str) -> list[str]:
    """Every line that has to be mended, by its number, with what to do: three parts, no ward
    twice, and one team for an area, so that areas and teams never overlap and no figure of one can
    be taken from a figure of the other (docs/decisions). A line with a mistake counts for no
    other."""
    return _read(text)[1]


def _read(text: str) -> tuple[tuple[WardGiven, ...], list[str]]:
    found: dict[str, WardGiven] = {}
    teams: dict[str, str] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = [" ".join(part.split()) for part in line.replace("\t", ",").split(",")]
        problem = _problem(parts, found, teams)
        if problem:
            wrong.append(f"Line {number}: {problem}")
            continue
        ward = WardGiven(*parts)
        teams[ward.area] = ward.team
        found[ward.name.casefold()] = ward
    return tuple(found.values()), wrong


def _problem(
    parts: list[str], found: Mapping[str, WardGiven], teams: Mapping[str, str]
) -> str | None:
    if len(parts) != 3 or not all(parts):
        return "write ward, area and team, with commas between"
    if any(len(part) > LONGEST for part in parts):
        return f"shorten each part to {LONGEST} characters"
    name, area, team = parts
    if name.casefold() in found:
        return f"{name} is in the list twice"
    if teams.get(area, team) != team:
        return f"the area {area} has the team {teams[area]} in a line above"
    return None


def as_list(wards: tuple[WardGiven, ...]) -> str:
    """The list as it is typed."""
    return "\n".join(", ".join(ward) for ward in wards)
