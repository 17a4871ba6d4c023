"""When the owner of an action is reminded, and what a report on one must say: pure (E3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core.refusal import Refused
from app.meetings.types import ActionState

# No document gives times. A day before leaves a working day to act; what is late is chased twice a
# week until it is done.
REPORTED = "reported on an action"  # as the audit has it
BEFORE = timedelta(hours=24)
CHASE_EVERY = timedelta(days=3)
# Several are noted one after the other: their owner gets one letter.
QUIET = timedelta(minutes=5)
SOON = 0  # the step before the date; every later one comes after it


def step_due(due_at: datetime, now: datetime) -> int | None:
    """The reminder whose time has come, the last of them, or None more than a day before."""
    if now >= due_at:
        return 1 + (now - due_at) // CHASE_EVERY
    return SOON if now >= due_at - BEFORE else None


def wants_reminder(step: int, due_at: datetime, told_at: datetime) -> bool:
    """Whether the owner gets this one. `told_at` is when they were first told of the action:
    whoever learned of it less than a day before its date has just read it, and is reminded only
    once the date has passed."""
    return step > SOON or told_at < due_at - BEFORE


def check_report(state: ActionState, progress: str, *, seen_version: int, version: int) -> None:
    """Raise Refused (field `progress`) for a report on an action that says too little, or that
    answers what no longer stands there."""
    if version != seen_version:
        raise Refused(
            "progress",
            "Somebody reported on this meanwhile: read what stands above it, then send yours",
        )
    if state is ActionState.NOT_POSSIBLE and not progress:
        raise Refused("progress", "Say what stands in the way")


def check_handover(state: ActionState, *, signed: bool, seen_version: int, version: int) -> None:
    """Raise Refused (field `to`) where an action cannot go to somebody else now."""
    if not signed:
        raise Refused("to", "The record is not signed: say in the discussion who does this")
    if state is not ActionState.OPEN:
        raise Refused("to", f"Nobody has to take this over: it is noted as {state.label.lower()}")
    if version != seen_version:
        raise Refused("to", "Somebody changed this meanwhile: read what stands above it")


def closed_at(state: ActionState, before: datetime | None, now: datetime) -> datetime | None:
    """When an action that is reported so was closed: at the first report that closed it, and not
    at all while it is open."""
    return None if state is ActionState.OPEN else before or now
