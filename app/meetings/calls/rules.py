"""When to telephone again, and in which order: pure (C5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.meetings.calls.types import Outcome
from app.meetings.types import MessageKind
from app.outbox.types import FAILED, MessageState

# No document gives these for invitees; they are short, because a discussion is held within a day.
# A message needs time to be heard.
AFTER_NO_ANSWER = timedelta(minutes=10)
AFTER_A_MESSAGE = timedelta(minutes=30)
# So near the start nobody waits longer than this.
LAST_HOUR = timedelta(hours=1)


def again_at(outcome: Outcome, now: datetime, starts_at: datetime | None) -> datetime | None:
    """When to telephone again, or None once somebody was spoken to.

    10 minutes after no answer, 30 after a message; 10 for both in the last hour before the start
    and from then on. Moments are aware.
    """
    if outcome is Outcome.SPOKE:
        return None
    soon = starts_at is not None and starts_at - now <= LAST_HOUR
    wait = AFTER_A_MESSAGE if outcome is Outcome.MESSAGE_LEFT and not soon else AFTER_NO_ANSWER
    return now + wait


def letters_fail(letters: Iterable[tuple[MessageKind, MessageState]]) -> bool:
    """Whether what is sent to somebody does not reach them; `letters` are the first first.

    One that failed since the newest invitation says so, whatever was sent after it: that goes to
    the address that mail comes back from. Sending the invitation again begins anew (D7).
    """
    fail = False
    for kind, state in letters:
        fail = state in FAILED or (fail and kind is not MessageKind.INVITATION)
    return fail


def knows(
    *,
    letters: bool,
    answered: bool,
    answered_at: datetime | None,
    heard_at: datetime | None,
    news_at: datetime | None,
) -> bool:
    """Whether somebody is known to have learned of the discussion as it is now (C5, C7).

    Whom letters reach is told of each change by them, so an answer of theirs counts whenever it was
    given. Who can only be telephoned knows what was told when they last answered or were spoken to
    (`heard_at`), and nothing of a change that came after that, at `news_at`. Moments are aware.
    """
    if answered and (letters or news_at is None):
        return True
    told = [at for at in (answered_at if answered else None, heard_at) if at is not None]
    return bool(told) and (news_at is None or max(told) >= news_at)


class Order:
    """Where somebody stands in the list: the value sorts."""

    AGAIN_NOW = 0
    NOT_YET = 1
    AGAIN_LATER = 2
    DONE = 3


def place_in_list(last: Outcome | None, again: datetime | None, known: bool, now: datetime) -> int:
    """Whom to telephone first: who is due again, who was not telephoned yet, who is due later.

    `last` and `again` are of the last call about what holds now. Whoever is `known` to have learned
    of it needs no call.
    """
    if known:
        return Order.DONE
    if last is None:
        return Order.NOT_YET
    return Order.AGAIN_NOW if again is None or again <= now else Order.AGAIN_LATER
