"""Deliveries in words, for the page and for whoever shows a message's state."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.core.clock import words_for_moment
from app.outbox.queries import MessageRow
from app.outbox.types import MessageState

_KINDS = {
    "update": "Changed invitation",
    "request_reminder": "Request, reminder",
    "actions_soon": "Actions, due soon",
    "actions_late": "Actions, overdue",
    "actions_handed": "Actions, handed over",
    "form_saved": "Public form, kept",
    "form_received": "Public form, received",
    "outcome": "Outcome letter",
}
_COLOURS = {
    MessageState.QUEUED: "yellow",
    MessageState.SENDING: "yellow",
    MessageState.SENT: "green",
    MessageState.WITHDRAWN: "grey",
}


class Shown(NamedTuple):
    """One message as a row."""

    id: int
    what: str
    subject: str
    to: str
    state: str
    colour: str
    note: str
    when: datetime
    seen: bool


def what_words(kind: str) -> str:
    """What a message is, by its kind."""
    return _KINDS.get(kind, kind.replace("_", " ").capitalize())


def shown(row: MessageRow) -> Shown:
    """A message in words: what it is, how it stands, what happens next or is to be done."""
    return Shown(
        id=row.id,
        what=what_words(row.kind),
        subject=row.subject,
        to=row.recipient,
        state=row.state.label,
        colour=_COLOURS.get(row.state, "red"),
        note=_note(row),
        when=row.sent_at or row.queued_at,
        seen=row.seen_at is not None,
    )


def _note(row: MessageRow) -> str:
    problem = row.problem or ""
    if row.state is MessageState.QUEUED and row.tries:
        return f"{problem} Next try {words_for_moment(row.next_try_at)}.".strip()
    if row.state.failed and row.seen_at is None:
        return f"{problem} Telephone the person, check the address, then send again.".strip()
    return problem
