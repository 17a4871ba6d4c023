"""What a screen shows: pure (G2; HO2014, case study Nottinghamshire)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.core.clock import in_london, london_date, words_for_span, words_for_time
from app.directory.types import AgencyKind
from app.protocols.panel import deadline_state
from app.reports.wall.types import Awaited, AwaitedWords, Board, Line, Screen, Stage, Standing

# As many lines as a screen of 1,080 lines shows in letters that are read from four metres.
ROOM = 9
MOST_NAMED = 3
SEEN_EVERY = timedelta(minutes=1)
_WORDS = {
    Stage.RATE: "To rate",
    Stage.DECIDE: "To decide",
    Stage.BOOK: "To book",
    Stage.BOOKED: "Booked",
    Stage.UNDER_WAY: "Under way",
    Stage.RECORD: "Record to sign",
    Stage.CIRCULATE: "Record to circulate",
}
# Short enough for half a line of the wall.
_SHORT_KINDS = {
    AgencyKind.SOCIAL_CARE: "Social care",
    AgencyKind.YOUTH_OFFENDING: "Youth offending",
    AgencyKind.DOMESTIC_ABUSE: "Domestic abuse",
    AgencyKind.VOLUNTARY: "Voluntary",
    AgencyKind.OTHER: "Other",
}


def board(screen: Screen, standing: Iterable[Standing], now: datetime) -> Board:
    """The lines of a screen, the most overdue on top, at the aware moment `now`."""
    ordered = sorted(standing, key=lambda one: (one.due_at is None, one.due_at or now, one.ref))
    lines = [line(one, now) for one in ordered]
    return Board(
        screen=screen,
        lines=tuple(lines[:ROOM]),
        more=max(0, len(lines) - ROOM),
        late=sum(1 for one in lines if one.state == "late"),
    )


def line(standing: Standing, now: datetime) -> Line:
    """One case in words short enough for a wall."""
    state, left = "calm", ""
    if standing.stage is Stage.UNDER_WAY:
        state, left = "soon", "now"
    elif standing.due_at is not None:
        state, _ = deadline_state(standing.due_at, now, None)
        span = _short(standing.due_at - now)
        left = f"{span} late" if state == "late" else f"in {span}"
    return Line(
        ref=standing.ref,
        rating=standing.rating.label if standing.rating else "",
        stage=_WORDS[standing.stage],
        awaited=tuple(awaited_in_words(standing.awaited, now)),
        state=state,
        due=_when(standing.due_at, now) if standing.due_at else "No date",
        left=left,
    )


def awaited_in_words(awaited: Iterable[Awaited], now: datetime) -> list[AwaitedWords]:
    """Who is awaited, each kind of agency once, in two lines at most: the latest with how late it
    is, then the others ("whether partners are replying within required time frames", HO2014
    Nottinghamshire)."""
    due: dict[str, datetime | None] = {}
    for one in awaited:
        name = _SHORT_KINDS.get(one.kind, one.kind.label)
        known = due.setdefault(name, one.due_at)
        if one.due_at is not None and (known is None or one.due_at < known):
            due[name] = one.due_at
    late = sorted((at, name) for name, at in due.items() if at is not None and at < now)
    calm = [name for name, at in due.items() if at is None or at >= now]
    if not late:
        left = len(calm) - MOST_NAMED
        words = ", ".join(calm[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
        return [AwaitedWords(words, late=False)] if calm else []
    lines = [AwaitedWords(f"{name} {_short(now - at, 1)} late", late=True) for at, name in late[:2]]
    others, others_late = len(late) + len(calm) - 1, len(late) - 1
    if others > 1:
        words = f"and {others} more" + (f", {others_late} late" if others_late else "")
        lines[1:] = [AwaitedWords(words, late=others_late > 0)]
    elif calm:
        lines.append(AwaitedWords(calm[0], late=False))
    return lines


def needs_sight(now: datetime, last_seen: datetime | None) -> bool:
    """Whether it should be written down that a display asked: at most once a minute."""
    return last_seen is None or now - last_seen >= SEEN_EVERY


def seen_in_words(now: datetime, last_seen: datetime | None) -> str:
    """`12 minutes ago`, `never`."""
    return "never" if last_seen is None else f"{words_for_span(now - last_seen)} ago"


def _short(span: timedelta, parts: int = 2) -> str:
    """`4 days 6 h`, `8 h 30 min`, `5 min`: a wall has no room for more. In one part `4 days`."""
    minutes = int(abs(span).total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        found = [f"{days} day{'' if days == 1 else 's'}", f"{hours} h"]
    else:
        found = [f"{hours} h", f"{minutes} min"] if hours else [f"{minutes} min"]
    return " ".join(found[:parts])


def _when(moment: datetime, now: datetime) -> str:
    """Today by its time alone, else with the day: what is left says how far off that is."""
    local = in_london(moment)
    if london_date(moment) == london_date(now):
        return words_for_time(moment)
    return f"{local:%a} {local.day}, {words_for_time(moment)}"
