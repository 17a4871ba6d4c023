"""What a screen shows: pure (G2; HO2014, case study Nottinghamshire)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from app.core.clock import in_london, london_date, words_for_span, words_for_time
from app.directory.types import AgencyKind
from app.protocols.panel import deadline_state
from app.referrals.types import Rating
from app.reports.wall.types import (
    Awaited,
    AwaitedWords,
    Board,
    Counted,
    Line,
    Screen,
    Stage,
    Standing,
)

# As many lines as a screen of 1,080 lines shows in letters that are read from four metres.
ROOM = 9
MOST_NAMED = 3
SEEN_EVERY = timedelta(minutes=1)
_URGENCY = ("late", "soon", "calm")
# What is not rated yet may turn out red.
_GRAVITY = (Rating.RED, None, Rating.AMBER, Rating.GREEN, Rating.BLUE)
_WORDS = {
    Stage.TAKE_IN: "To be taken in",
    Stage.RATE: "To rate",
    Stage.DECIDE: "To decide",
    Stage.BOOK: "To book",
    Stage.CANCELLED: "Cancelled, to settle",
    Stage.BOOKED: "Booked",
    Stage.UNDER_WAY: "Under way",
    Stage.RECORD: "Record to sign",
    Stage.CIRCULATE: "Record to circulate",
}
NOT_BEGUN = "Not begun"  # booked, and its time has passed
BOOKED_LATE = "Booked late"  # for a time after its deadline
# Short enough for half a line of the wall.
_SHORT_KINDS = {
    AgencyKind.SOCIAL_CARE: "Social care",
    AgencyKind.YOUTH_OFFENDING: "Youth offending",
    AgencyKind.DOMESTIC_ABUSE: "Domestic abuse",
    AgencyKind.VOLUNTARY: "Voluntary",
    AgencyKind.OTHER: "Other",
}


def board(
    screen: Screen,
    standing: Iterable[Standing],
    counted: Sequence[Counted],
    now: datetime,
    *,
    page: int = 1,
    lists: Sequence[str] = (),
) -> Board:
    """One page of a screen at the aware moment `now`: a child who may be at risk now on top, then
    what is late, then what is due soon, in each the gravest rating first and then the next due.

    `counted` says how many are open and late in all, whether they are in `standing` or not; a page
    that is gone since shows the last one.
    """
    ordered = sorted(standing, key=lambda one: _place(one, now))
    pages = max(1, -(-len(ordered) // ROOM))
    page = min(max(1, page), pages)
    cases = dict.fromkeys(_GRAVITY, 0)
    for one in counted:
        cases[one.rating] += one.cases
    return Board(
        screen=screen,
        lines=tuple(line(one, now) for one in ordered[(page - 1) * ROOM : page * ROOM]),
        page=page,
        pages=pages,
        more=max(0, sum(cases.values()) - len(ordered)),
        late=sum(one.late for one in counted),
        ratings=tuple(
            (rating.label if rating else "Not rated", cases[rating])
            for rating in (*(one for one in _GRAVITY if one), None)
            if cases[rating]
        ),
        lists=tuple(lists),
    )


def _place(one: Standing, now: datetime) -> tuple[bool, int, int, datetime, str]:
    state = _state(one, now)
    urgency = _URGENCY.index(state) if one.due_at is not None else len(_URGENCY)
    return (not one.risk_now, urgency, _GRAVITY.index(one.rating), one.due_at or now, one.ref)


def _state(one: Standing, now: datetime) -> str:
    """calm, soon or late; a discussion under way is never late."""
    if one.stage is Stage.UNDER_WAY:
        return "soon"
    return deadline_state(one.due_at, now, None)[0] if one.due_at is not None else "calm"


def _stage(one: Standing, now: datetime) -> str:
    starts_at = one.booked_for or one.due_at
    if one.stage is Stage.BOOKED and starts_at is not None and one.due_at is not None:
        if now > starts_at:
            return NOT_BEGUN
        if starts_at > one.due_at:
            return BOOKED_LATE
    return _WORDS[one.stage]


def line(standing: Standing, now: datetime) -> Line:
    """One case in words short enough for a wall."""
    state, left = _state(standing, now), ""
    late, when = state == "late", standing.booked_for or standing.due_at
    if standing.stage is Stage.UNDER_WAY:
        left = "now"
    elif standing.due_at is not None:
        span = _short((standing.due_at if late else when or standing.due_at) - now)
        left = f"{span} late" if late else f"in {span}"
    return Line(
        ref=standing.ref,
        rating=standing.rating.label if standing.rating else "",
        stage=_stage(standing, now),
        risk_now=standing.risk_now,
        awaited=tuple(awaited_in_words(standing.awaited, now)),
        state=state,
        due=_when(when, now) if when else "No date",
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
