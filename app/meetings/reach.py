"""How far somebody was reached: queued, sent, refused, bounced, answered, telephoned (D7). Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from app.meetings.calls.types import Outcome
from app.outbox.types import MessageState


class Reach(enum.Enum):
    """What is known of one person, the last word first: an answer outdoes any delivery."""

    ANSWERED = "answered"
    TELEPHONED = "telephoned"
    WITHDRAWN = "withdrawn"
    BOUNCED = "bounced"
    REFUSED = "refused"
    SENT = "sent"
    QUEUED = "queued"
    NOT_SENT = "not_sent"

    @property
    def label(self) -> str:
        return {
            "withdrawn": "Links withdrawn",
            "answered": "Answered",
            "telephoned": "Telephoned",
            "bounced": "Email came back",
            "refused": "Email refused",
            "sent": "Email sent",
            "queued": "Email queued",
            "not_sent": "Nothing sent",
        }[self.value]

    @property
    def colour(self) -> str:
        return {
            "withdrawn": "red",
            "answered": "green",
            "telephoned": "green",
            "bounced": "red",
            "refused": "red",
            "sent": "blue",
        }.get(self.value, "grey")


_BY_STATE = {
    MessageState.BOUNCED: Reach.BOUNCED,
    MessageState.REFUSED: Reach.REFUSED,
    MessageState.DEAD: Reach.REFUSED,
    MessageState.SENT: Reach.SENT,
    MessageState.QUEUED: Reach.QUEUED,
    MessageState.SENDING: Reach.QUEUED,
}


def reach_of(
    answered: bool,
    calls: Sequence[Outcome],
    messages: Sequence[MessageState],
    *,
    withdrawn: bool = False,
) -> Reach:
    """How far one person was reached; calls and messages are the first first.

    Only a call in which somebody was spoken to counts: a message on a machine may be heard by
    nobody. Of the messages the last that was not withdrawn counts, unless their links were: what
    was sent leads nowhere, and nothing more goes to them.
    """
    if answered:
        return Reach.ANSWERED
    if Outcome.SPOKE in calls:
        return Reach.TELEPHONED
    if withdrawn:
        return Reach.WITHDRAWN
    states = [_BY_STATE[one] for one in messages if one in _BY_STATE]
    return states[-1] if states else Reach.NOT_SENT
