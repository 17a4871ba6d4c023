"""The worker's step: claim, send, record, each in a short transaction of its own (H4).

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
# Messages behind one that broke the connection were not tried: they need no long pause.
SOON = timedelta(seconds=5)
_random = random.SystemRandom()


def deliver_due(settings: Settings, now: datetime, most: int = BATCH) -> int:
    """Send what is due, up to `most` messages over one connection. Returns how many were taken.

    Raises UnsafeSettings for a mail server these settings must not use. A server that is away
    raises nothing: the messages wait, with what is wrong written beside them.
    """
    transport = transport_for(settings)
    due = queries.anything_due(reading(), now)
    reading().rollback()
    if not due:
        return 0
    with transaction() as session:
        claimed = service.claim(session, now, most)
    if not claimed:
        return 0
    return _send_batch(transport, claimed, now)


def _send_batch(transport: Transport, claimed: list[Claimed], now: datetime) -> int:
    taken = 0
    started = time.monotonic()
    with transport:
        for place, message in enumerate(claimed):
            moment = now + timedelta(seconds=time.monotonic() - started)
            if moment >= message.until - rules.CLAIM / 2:
                # A slow server: what is left would be sent under a claim about to end.
                _not_tried(claimed[place:], moment)
                break
            try:
                outcome = transport.send(message)
            except Unreachable as error:
                _broken(claimed[place:], error, now, started)
                break
            moment = now + timedelta(seconds=time.monotonic() - started)
            _record(message, outcome, moment)
            taken += outcome.reply is Reply.TAKEN
    log.info("mail sent", taken=taken, of=len(claimed))
    return taken


def _record(message: Claimed, outcome: Outcome, moment: datetime) -> None:
    with transaction() as session:
        if outcome.reply is Reply.TAKEN:
            service.sent(session, message, moment)
        elif outcome.reply is Reply.REFUSED:
            service.refused(session, message, outcome.problem or "The mail server refused it.")
        else:
            service.put_back(session, message, moment, _pause(message), outcome.problem)


def _broken(left: list[Claimed], error: Unreachable, now: datetime, started: float) -> None:
    """The connection is gone: over the first of those left, or for everyone."""
    moment = now + timedelta(seconds=time.monotonic() - started)
    with transaction() as session:
        for place, message in enumerate(left):
            if place == 0 or error.everyone:
                service.put_back(session, message, moment, _pause(message), error.problem)
            else:
                service.put_back(session, message, moment, SOON, None)
    log.warning("mail waits", problem=error.problem, waiting=len(left))


def _not_tried(left: list[Claimed], moment: datetime) -> None:
    with transaction() as session:
        for message in left:
            service.put_back(session, message, moment, SOON, None)


def _pause(message: Claimed) -> timedelta:
    return rules.pause(message.tries, _random.random())
