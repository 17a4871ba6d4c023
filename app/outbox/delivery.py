"""The worker's step: claim, send, record, in short transactions of their own (H4).

No transaction is open while the mail server is spoken to. A crash after the server took a message
and before that was recorded sends it again under the same Message-ID: twice is recognisable, lost
is not.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

import structlog

from app.core.config import Settings
from app.core.session import reading, transaction
from app.outbox import queries, rules, service
from app.outbox.rules import Reply
from app.outbox.transport import Outcome, Transport, Unreachable, transport_for
from app.outbox.types import Claimed

log = structlog.get_logger()
BATCH = 50
# Seconds. The worker does one thing after the other, and views are bound within a minute (H3): a
# slow mail server gets so long and the letter at hand, then other work has its turn.
LONGEST_BATCH = 20.0
# Seconds. What a quick server took in that time is written down together: a commit for each message
# takes several times as long as sending it. A crash then repeats at most these, recognisably.
UNWRITTEN = 0.1
# Messages behind one that broke the connection were not tried: they need no long pause.
SOON = timedelta(seconds=5)
_random = random.SystemRandom()


def deliver_due(
    settings: Settings, now: datetime, most: int = BATCH, seconds: float = LONGEST_BATCH
) -> int:
    """Send what is due, up to `most` messages over one connection, and begin none after so many
    seconds. Returns how many were taken: none while mail is held after a restore.

    Raises UnsafeSettings for a mail server these settings must not use. A server that is away
    raises nothing: the messages wait, with what is wrong written beside them.
    """
    transport = transport_for(settings)
    due = queries.anything_due(reading(), now) and queries.held_since(reading()) is None
    reading().rollback()
    if not due:
        return 0
    with transaction() as session:
        claimed = service.claim(session, now, most)
    if not claimed:
        return 0
    return _send_batch(transport, claimed, now, seconds)


def _send_batch(transport: Transport, claimed: list[Claimed], now: datetime, seconds: float) -> int:
    started = written = time.monotonic()
    told: list[tuple[Claimed, Outcome]] = []
    taken = 0

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    with transport:
        try:
            left = claimed
            while left:
                try:
                    transport.open()
                    if rules.must_renew(left[0].until, moment()):
                        # A slow server: what is left would be sent under a claim about to end.
                        _record(told, moment())
                        told, written = [], time.monotonic()
                        left = _renewed(left, moment())
                        if not left:
                            break
                    message = left[0]
                    outcome = transport.send(message)
                except Unreachable as error:
                    _broken(left, error, moment())
                    break
                left = left[1:]
                told.append((message, outcome))
                taken += outcome.reply is Reply.TAKEN
                if time.monotonic() - written >= UNWRITTEN:
                    _record(told, moment())
                    told, written = [], time.monotonic()
                if left and time.monotonic() - started >= seconds:
                    _put_off(left, moment())
                    break
        finally:
            # Whatever happened to the others: what the server has answered is not forgotten.
            _record(told, moment())
    log.info("mail sent", taken=taken, of=len(claimed))
    return taken


def _record(told: list[tuple[Claimed, Outcome]], moment: datetime) -> None:
    if not told:
        return
    with transaction() as session:
        if taken := [message for message, outcome in told if outcome.reply is Reply.TAKEN]:
            service.sent(session, taken, moment)
        for message, outcome in told:
            if outcome.reply is Reply.REFUSED:
                service.refused(session, message, outcome.problem or "The mail server refused it.")
            elif outcome.reply is Reply.LATER:
                service.put_back(session, message, moment, _pause(message), outcome.problem)


def _broken(left: list[Claimed], error: Unreachable, moment: datetime) -> None:
    """The connection is gone: over the first of those left, or for everyone."""
    with transaction() as session:
        for place, message in enumerate(left):
            if place == 0 or error.everyone:
                service.put_back(session, message, moment, _pause(message), error.problem)
            else:
                service.put_back(session, message, moment, SOON, None)
    log.warning("mail waits", problem=error.problem, waiting=len(left))


def _put_off(left: list[Claimed], moment: datetime) -> None:
    """Not tried yet, and due as before: other work comes first."""
    with transaction() as session:
        for message in left:
            service.put_back(session, message, moment, timedelta(0), None)


def _renewed(left: list[Claimed], moment: datetime) -> list[Claimed]:
    with transaction() as session:
        return service.renew(session, left, moment)


def _pause(message: Claimed) -> timedelta:
    return rules.pause(message.tries, _random.random())
