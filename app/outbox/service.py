"""Putting mail into the outbox, and what becomes of it there (H4).

Why a message is sent is in the audit row of the change that queued it; what the mail server said
stands on the message itself, so the worker's steps write no audit of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Update, bindparam, case, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Actor, Subject
from app.core.bell import ring_after_commit
from app.core.database import table
from app.core.mail import FinishedMessage, UnsafeHeader, header_text
from app.core.refusal import Refused
from app.outbox import rules
from app.outbox.models import OutboxHold, OutboxMessage
from app.outbox.queries import TO_CLAIM
from app.outbox.types import FAILED, Claimed, MessageState

_MESSAGE = table(OutboxMessage)
# One statement for all of them; each is known by its Message-ID, in whatever order they come back.
_QUEUE = insert(_MESSAGE).returning(_MESSAGE.c.id, _MESSAGE.c.message_id)
_TAKEN_BACK = literal(MessageState.WITHDRAWN, _MESSAGE.c.state.type)
RESTORED = "A backup was restored: whether this was sent before is not known."
_WITHDRAWN = {
    OutboxMessage.state: MessageState.WITHDRAWN,
    OutboxMessage.content: None,
    OutboxMessage.claimed_until: None,
}
_CLAIM = (
    update(_MESSAGE)
    .where(_MESSAGE.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=MessageState.SENDING,
        tries=_MESSAGE.c.tries + 1,
        claimed_until=bindparam("until"),
        next_try_at=bindparam("until"),
    )
)
_SENT = (
    update(_MESSAGE)
    .where(
        _MESSAGE.c.id.in_(bindparam("ids", expanding=True)),
        _MESSAGE.c.state == MessageState.SENDING,
        _MESSAGE.c.claimed_until == bindparam("until"),
    )
    .values(
        state=MessageState.SENT,
        sent_at=bindparam("moment"),
        content=None,
        problem=None,
        claimed_until=None,
    )
)
_UNSEEN = (
    select(OutboxMessage)
    .where(
        OutboxMessage.id.in_(bindparam("ids", expanding=True)),
        OutboxMessage.state.in_(FAILED),
        OutboxMessage.seen_at.is_(None),
    )
    .order_by(OutboxMessage.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def enqueue(session: Session, message: FinishedMessage, now: datetime) -> OutboxMessage:
    """Queue a message; it leaves after the transaction it belongs to was committed (H4)."""
    return session.get_one(OutboxMessage, enqueue_all(session, [message], now)[0])


def enqueue_all(
    session: Session,
    messages: Sequence[FinishedMessage],
    now: datetime,
    useless_from: datetime | None = None,
) -> list[int]:
    """Queue several messages in one statement; their numbers, in their order. What has not left by
    `useless_from` is given up then. Raises UnsafeHeader where a recipient could become a command
    of its own to the mail server (H7)."""
    rows = [
        {
            "message_id": header_text(message.message_id),
            "kind": message.kind,
            "recipient": _recipient(message.recipient),
            "subject": header_text(message.subject),
            "content": message.content,
            "state": MessageState.QUEUED,
            "tries": 0,
            "queued_at": now,
            "next_try_at": now,
            "overtaken": False,
            "useless_from": useless_from,
        }
        for message in messages
    ]
    if not rows:
        return []
    ring_after_commit(session)
    ids = {message_id: number for number, message_id in session.execute(_QUEUE, rows)}
    return [ids[row["message_id"]] for row in rows]


def withdraw(session: Session, ids: Collection[int]) -> int:
    """Take back messages that were overtaken before they left. Returns how many were: one that was
    sent is past taking back, and one that a worker holds is withdrawn if this try fails."""
    if not ids:
        return 0
    held = OutboxMessage.state == MessageState.SENDING
    # One statement: what a worker gives back in between could slip through two.
    states = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id.in_(ids),
            OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING)),
        )
        .values(
            state=case((held, OutboxMessage.state), else_=_TAKEN_BACK),
            content=case((held, OutboxMessage.content), else_=None),
            overtaken=held,
        )
        .returning(OutboxMessage.state)
        .execution_options(synchronize_session="fetch")
    ).scalars()
    return sum(state is MessageState.WITHDRAWN for state in states)


def mark_seen(session: Session, actor: Actor, message_id: int, now: datetime) -> OutboxMessage:
    """A person took note that a message failed. `message_id` is the row's number.

    Raises Refused where there is no such failure, or it was seen before.
    """
    message = session.get(OutboxMessage, message_id)
    if message is None or message.state not in FAILED:
        raise Refused("message", "This message has not failed. Load the page again.")
    if message.seen_at is not None:
        raise Refused("message", "Somebody has already marked this message as seen.")
    message.seen_at = now
    record(
        session,
        actor,
        "saw that a message failed",
        Subject("message", str(message.id)),
        now,
        {"kind": message.kind, "state": message.state.value},
    )
    return message


def seen_to(session: Session, actor: Actor, message_ids: Collection[int], now: datetime) -> None:
    """Something was done about these messages, so that their failures, if they failed, wait no
    longer. All are locked before the audit is written."""
    if not message_ids:
        return
    for message in list(session.execute(_UNSEEN, {"ids": list(message_ids)}).scalars()):
        mark_seen(session, actor, message.id, now)


def bounced(session: Session, message: OutboxMessage, problem: str, now: datetime) -> None:
    """The message was taken by the mail server and returned later (D7). `problem` is in our words,
    without addresses."""
    message.state = MessageState.BOUNCED
    message.problem = problem
    message.seen_at = None
    session.flush()


def hold(session: Session, now: datetime) -> None:
    """Let no mail leave until `release`: this database was restored from a backup, and what waits
    in it may have been sent since that was made (H4)."""
    if session.get(OutboxHold, 1) is None:
        session.add(OutboxHold(id=1, since=now))
        session.flush()


def release(session: Session, now: datetime, *, send: bool) -> tuple[int, int] | None:
    """Let mail leave again. Of what waited when it was held nobody knows whether it was sent: with
    `send` it is (again, under the same Message-ID); else it is given up, and waits on the
    administrators' first page for a person. What was queued since is sent in any case.

    Returns how many of the former and of the latter there are; None where no mail was held.
    """
    held = session.get(OutboxHold, 1, with_for_update=True, populate_existing=True)
    if held is None:
        return None
    waiting = OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING))
    before, since = (
        session.execute(select(func.count()).where(waiting, when)).scalar_one()
        for when in (OutboxMessage.queued_at <= held.since, OutboxMessage.queued_at > held.since)
    )
    if not send:
        session.execute(
            update(OutboxMessage)
            .where(waiting, OutboxMessage.queued_at <= held.since)
            .values(
                state=MessageState.DEAD,
                problem=RESTORED,
                content=None,
                claimed_until=None,
            )
            .execution_options(synchronize_session=False)
        )
    session.delete(held)
    record(
        session,
        SYSTEM,
        "mail released",
        Subject("outbox", "hold"),
        now,
        {"sent": send, "from before": before, "queued since": since},
    )
    return before, since


def claim(session: Session, now: datetime, most: int) -> list[Claimed]:
    """Take up to `most` due messages for one worker, oldest first.

    On PostgreSQL rows held by another worker are skipped; on SQLite the write lock keeps others
    out. The claim ends by itself after `rules.CLAIM`, so a worker that died holds nothing back.
    """
    until = now + rules.CLAIM
    rows = session.execute(TO_CLAIM, {"now": now, "most": most}).all()
    # Held by a worker that died: whether it was sent is not known, and it is wanted no more.
    overtaken = {row.id for row in rows if row.overtaken}
    late = {
        row.id for row in rows if rules.gives_up(row.kind, row.queued_at, now, row.useless_from)
    } - overtaken
    claimed = [
        Claimed(row.id, row.message_id, row.recipient, row.content or b"", row.tries + 1, until)
        for row in rows
        if row.id not in late | overtaken
    ]
    if overtaken:
        session.execute(_change(overtaken).values(_WITHDRAWN))
    if late:
        session.execute(
            _change(late).values(
                state=MessageState.DEAD,
                problem=func.coalesce(OutboxMessage.problem, "It could not be sent in time."),
                content=None,
                claimed_until=None,
            )
        )
    if claimed:
        session.execute(_CLAIM, {"ids": [one.id for one in claimed], "until": until})
    return claimed


def renew(session: Session, held: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Claim for longer what this worker holds already: those of `held` that are still its own.

    All of `held` are of one claim; what another worker has taken since is left to it, and what
    was overtaken since is withdrawn.
    """
    ours = _change([one.id for one in held]).where(
        OutboxMessage.state == MessageState.SENDING,
        OutboxMessage.claimed_until == held[0].until,
    )
    session.execute(ours.where(OutboxMessage.overtaken).values(_WITHDRAWN))
    until = now + rules.CLAIM
    kept = set(
        session.execute(
            ours.values(claimed_until=until, next_try_at=until).returning(OutboxMessage.id)
        ).scalars()
    )
    return [replace(one, until=until) for one in held if one.id in kept]


def sent(session: Session, held: Sequence[Claimed], now: datetime) -> None:
    """The mail server took them. Their content, which holds a link and a PIN, is emptied.

    All of `held` are of one claim; one that another worker has claimed since is left to it.
    """
    told = {"ids": [one.id for one in held], "until": held[0].until, "moment": now}
    session.execute(_SENT, told)


def refused(session: Session, held: Claimed, problem: str) -> None:
    """The mail server said no for good: a person must look, unless it is wanted no more."""
    row = _mine(session, held)
    if row is not None:
        _settle(row, MessageState.WITHDRAWN if row.overtaken else MessageState.REFUSED, problem)


def put_back(
    session: Session, held: Claimed, now: datetime, wait: timedelta, problem: str | None
) -> None:
    """It will be tried again after `wait` or sooner, or is given up when that is too late; what was
    overtaken meanwhile is withdrawn.

    Without a problem the message was not tried at all, and the try is not counted.
    """
    row = _mine(session, held)
    if row is None:
        return
    if problem is None:
        row.tries -= 1
    if row.overtaken:
        _settle(row, MessageState.WITHDRAWN, problem)
        return
    wait = rules.until_next_try(wait, row.useless_from, now)
    if problem is not None and rules.gives_up(
        row.kind, row.queued_at, now + wait, row.useless_from
    ):
        _settle(row, MessageState.DEAD, problem)
        return
    row.state = MessageState.QUEUED
    row.claimed_until = None
    row.next_try_at = now + wait
    row.problem = problem or row.problem
    session.flush()


def _change(ids: Collection[int]) -> Update:
    return (
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .execution_options(synchronize_session=False)
    )


def _mine(session: Session, held: Claimed) -> OutboxMessage | None:
    """The row, if this claim still holds: after a time-out another worker may have it."""
    return session.execute(
        select(OutboxMessage)
        .where(
            OutboxMessage.id == held.id,
            OutboxMessage.state == MessageState.SENDING,
            OutboxMessage.claimed_until == held.until,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def _settle(row: OutboxMessage, state: MessageState, problem: str | None) -> None:
    row.state = state
    row.problem = problem
    row.content = None
    row.claimed_until = None


def _recipient(email: str) -> str:
    if email.count("@") != 1 or any(character in email for character in ' <>,;:"\\\t'):
        raise UnsafeHeader("A message goes to exactly one email address.")
    return header_text(email)
