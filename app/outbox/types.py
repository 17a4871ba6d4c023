"""Mail on its way out."""

from __future__ import annotations

import enum


class MessageState(enum.Enum):
    QUEUED = "queued"
    SENDING = "sending"  # claimed by a worker
    SENT = "sent"  # the mail server took it
    REFUSED = "refused"  # the mail server said no, for good
    DEAD = "dead"  # tried for too long: a person must look
    BOUNCED = "bounced"  # taken, then returned
    WITHDRAWN = "withdrawn"  # overtaken before it was sent
