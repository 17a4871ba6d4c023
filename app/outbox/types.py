"""Mail on its way out."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime


class MessageState(enum.Enum):
    QUEUED = "queued"
    SENDING = "sending"  # claimed by a worker
    SENT = "sent"  # the mail server took it
    REFUSED = "refused"  # the mail server said no, for good
    DEAD = "dead"  # tried for too long: a person must look
    BOUNCED = "bounced"  # taken, then returned
    WITHDRAWN = "withdrawn"  # overtaken before it was sent

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def failed(self) -> bool:
        """A person must do something: the message did not arrive and will not be tried again."""
        return self in FAILED


_LABELS = {
    MessageState.QUEUED: "Not sent yet",
    MessageState.SENDING: "Being sent",
    MessageState.SENT: "Sent",
    MessageState.REFUSED: "Refused by the mail server",
    MessageState.DEAD: "Given up: could not be sent in time",
    MessageState.BOUNCED: "Returned by the recipient's mail server",
    MessageState.WITHDRAWN: "Withdrawn before it was sent",
}

FAILED = frozenset({MessageState.REFUSED, MessageState.DEAD, MessageState.BOUNCED})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message a worker holds until `until`, detached from the session."""

    id: int
    message_id: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)
    tries: int
    until: datetime
