"""When a message is tried again, and when it is given up: pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from app.outbox.types import MessageState

# A claim that was not settled by then belonged to a worker that died: the message is sent again,
# with the same Message-ID (H4). It lasts as long as one letter can take and no longer, because a
# letter that a killed worker held waits for it: four answers of the mail server (MAIL, RCPT, DATA
# and the end of it), each waited for up to `transport.SECONDS`, and ten seconds to write it down.
# A batch takes longer than that; what is left of it is claimed anew before each letter that the
# rest of the claim would not cover. docs/decisions says why not less ("A claim lasts one letter").
ONE_LETTER = timedelta(seconds=80)
CLAIM = ONE_LETTER + timedelta(seconds=10)
FIRST_PAUSE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(minutes=30)
GIVE_UP = timedelta(hours=48)
# A code is worth nothing after ten minutes (D3).
GIVE_UP_BY_KIND = {"code": timedelta(minutes=10)}
# A command out of turn, TLS or a password wanted: a mended setting lets the message through later.
_ABOUT_US = frozenset({500, 502, 503, 504, 530, 534, 535, 538})


class Reply(enum.Enum):
    """What the mail server's answer means for one message."""

    TAKEN = "taken"
    REFUSED = "refused"  # for good: 5xx to this recipient or this content
    LATER = "later"  # 4xx, or a fault that is not about this message


def meaning(code: int) -> Reply:
    """What a reply code to RCPT or DATA means; anything but 2xx and 5xx is worth another try."""
    if 200 <= code < 300:
        return Reply.TAKEN
    if code in _ABOUT_US:
        return Reply.LATER
    return Reply.REFUSED if 500 <= code < 600 else Reply.LATER


def pause(tries: int, jitter: float) -> timedelta:
    """How long to wait after the given number of tries: doubled each time, up to half an hour,
    times 0.75 to 1.25. `jitter` is a random number from 0 to 1."""
    doubled = FIRST_PAUSE * (1 << min(max(tries, 1) - 1, 12))
    return min(doubled, LONGEST_PAUSE) * (0.75 + jitter / 2)


def must_renew(until: datetime, now: datetime) -> bool:
    """Whether a claim that ends at `until` is too short to send one more letter under it."""
    return now > until - ONE_LETTER


def may_have_arrived(state: MessageState, tries: int) -> bool:
    """Whether somebody may have read a message. Refused and returned ones were not taken; of any
    other that was tried nobody knows, because a line may break after the last byte."""
    if state in (MessageState.REFUSED, MessageState.BOUNCED):
        return False
    return state is MessageState.SENT or tries > 0


def gives_up(
    kind: str, queued: datetime, now: datetime, useless_from: datetime | None = None
) -> bool:
    """Whether a message has been tried for too long: 48 hours, a code ten minutes, and each no
    longer than it serves anybody."""
    if useless_from is not None and now >= useless_from:
        return True
    return now - queued >= GIVE_UP_BY_KIND.get(kind, GIVE_UP)


def until_next_try(wait: timedelta, useless_from: datetime | None, now: datetime) -> timedelta:
    """The pause, shortened to half of the time that is left: a long one must not run past the
    moment from which the message serves nobody, while the mail server may be back before."""
    if useless_from is None:
        return wait
    return min(wait, max((useless_from - now) / 2, FIRST_PAUSE))
