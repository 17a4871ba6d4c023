"""The paediatric ladder: email, telephone, again after ten minutes, then reception (BROMLEY 1).

Pure: from the calls that were made to the step that is next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import words_for_moment, words_for_span, words_for_time
from app.meetings.calls.types import CallShown, Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """One rung. `state` is done, now, wait or later; the words say which."""

    title: str
    state: str
    words: str
    telephone: str = ""


def ladder(
    sent_at: datetime,
    calls: Sequence[CallShown],
    minutes: int,
    telephone: str,
    reception: str,
    now: datetime,
) -> tuple[Step, ...]:
    """The four rungs with how each stands. `minutes` is how long to wait between calls.

    Whoever answers ends it. A message on a machine counts as no answer: the form is only
    progressed once somebody was spoken to.
    """
    made = list(calls)
    spoke = next((one for one in made if one.outcome is Outcome.SPOKE), None)
    steps = [Step("Email the form", "done", f"Sent {words_for_moment(sent_at)}")]
    rungs = (
        ("Telephone", telephone),
        (f"Telephone again after {minutes} minutes", telephone),
        ("Telephone their reception", reception),
    )
    for place, (title, number) in enumerate(rungs):
        last = place == len(rungs) - 1
        here = made[place:] if last else made[place : place + 1]
        if here and (here[-1].outcome is Outcome.SPOKE or not last):
            steps.append(Step(title, "done", _told(here[-1]), number))
        elif spoke is not None:
            steps.append(Step(title, "later", "Not needed", number))
        elif len(made) < place:
            steps.append(Step(title, "later", "Only if nobody answers", number))
        else:
            steps.append(_waiting(title, number, made, now))
    return tuple(steps)


def number_to_ring(calls: Sequence[CallShown], telephone: str, reception: str) -> str:
    """Which number is next; after two calls without an answer it is the reception's."""
    return reception if len(calls) >= 2 and reception else telephone


def again_after(unanswered: int, minutes: int, reception: str) -> timedelta:
    """How long to wait after so many calls without an answer.

    The ten minutes lie between the two calls to one number: "if there is still no answer", their
    reception is called at once (BROMLEY 1). A number that was rung already is given time again.
    """
    return timedelta(0) if unanswered == 2 and reception else timedelta(minutes=minutes)


def _waiting(title: str, number: str, made: Sequence[CallShown], now: datetime) -> Step:
    due = made[-1].again_at if made else None
    said = f"{_told(made[-1])}. " if len(made) > 2 else ""
    if due is not None and due > now:
        left = words_for_span(due - now)
        return Step(title, "wait", f"{said}At {words_for_time(due)}, in {left}", number)
    return Step(title, "now", f"{said}Now", number)


def _told(call: CallShown) -> str:
    words = f"{call.outcome.label} at {words_for_time(call.at)}"
    return f"{words}: {call.said}" if call.said else words
