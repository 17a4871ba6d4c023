"""The example week happens in the order of the clock, and as it was planned (I1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from app.cli.example.planned import Planned

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_what_is_planned_for_one_moment_happens_as_it_was_planned() -> None:
    week = Planned(until=NOON)
    happened: list[tuple[str, datetime]] = []

    def happen(name: str, at: datetime) -> None:
        happened.append((name, at))

    def leads_on(at: datetime) -> None:
        happen("leads on", at)
        week.plan(at, partial(happen, "at once"))
        week.plan(at + HOUR, partial(happen, "too late"))

    for name in ("last", "of", "all"):
        week.plan(NOON, partial(happen, name))
    week.plan(NOON - HOUR, partial(happen, "first"))
    week.plan(NOON, leads_on)
    week.plan(NOON, partial(happen, "end"))
    week.happen()
    names = [name for name, _at in happened]
    assert names == ["first", "last", "of", "all", "leads on", "end", "at once"]
    assert [at for _name, at in happened] == [NOON - HOUR, *[NOON] * 6]
