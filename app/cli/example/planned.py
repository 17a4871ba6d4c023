"""What happens in the example week, in the order of the clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(order=True)
class _Event:
    at: datetime
    number: int
    happen: Callable[[datetime], None]


# Has something happen at a moment, which it is called with.
Plan = Callable[[datetime, Callable[[datetime], None]], None]


class Planned:
    """A plan of what happens until `until`; what happens may plan more."""

    def __init__(self, until: datetime) -> None:
        self._until = until
        self._events: list[_Event] = []
        self._numbers = itertools.count()  # two things at one moment happen as they were planned

    def plan(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        """Something that happens then; what would lie after the end has not happened."""
        if at <= self._until:
            self._events.append(_Event(at, next(self._numbers), happen))

    def happen(self) -> None:
        """Let all of it happen, each with its moment."""
        while self._events:
            self._events.sort(reverse=True)
            event = self._events.pop()
            event.happen(event.at)
