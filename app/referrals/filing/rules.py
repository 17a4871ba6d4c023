"""What can be filed in the case system, and what a tick says: pure (A2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.clock import words_for_moment
from app.core.refusal import Refused


@dataclass(frozen=True, slots=True)
class Tick:
    """Filed under this reference, by whom and when (aware)."""

    reference: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TickShown:
    """A tick in words, and what can be pressed beside it."""

    words: str
    can_file: bool
    can_take_back: bool


def check_fileable(reference: str | None, version: int, seen: int) -> str:
    """The reference to file under. Raises Refused where there is none, or where the child was
    changed since the page was sent: `seen` is the version that it showed."""
    if not reference:
        raise Refused("filed", "Enter the child's reference in the case system first")
    if version != seen:
        raise Refused("filed", "The child was changed meanwhile: look at the reference again")
    return reference


def tick_shown(tick: Tick | None, reference: str | None) -> TickShown:
    """A tick beside the child's reference as it is now."""
    if tick is None:
        words = "Not filed there yet" if reference else "No reference in the case system yet"
        return TickShown(words, can_file=bool(reference), can_take_back=False)
    said = f"{tick.by}, {words_for_moment(tick.at)}"
    if tick.reference == reference:
        return TickShown(f"Filed there: {said}", can_file=False, can_take_back=True)
    return TickShown(
        f"Filed under another reference, {tick.reference}: {said}",
        can_file=bool(reference),
        can_take_back=True,
    )
