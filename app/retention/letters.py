"""Letters of no case, which go when nobody needs them any more: codes, receipts, questions after a
discussion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Column, Select, and_, bindparam, delete, or_, select, union_all
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.core.database import Base
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState

# As long as mail that came in; no mail server returns a letter later than after some days.
KEPT = timedelta(days=90)
MOST = 10_000  # of one night: the next goes on
_FAILED = (MessageState.REFUSED, MessageState.DEAD, MessageState.BOUNCED)


def over(session: Session, now: datetime) -> list[int]:
    """The letters of no case that left, were taken back, or failed and were seen to, three months
    ago or longer. A letter of a case goes with its case."""
    return list(session.execute(_over(), {"before": now - KEPT}).scalars())


def forget(session: Session, ids: list[int], now: datetime) -> None:
    """Delete these letters: recipient, subject, and how it went."""
    if not ids:
        return
    session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(ids)))
    record(session, SYSTEM, "letters of no case deleted", Subject("mail", "outbox"), now,
           {"count": len(ids)})  # fmt: skip


@lru_cache(maxsize=1)
def _over() -> Select[int]:
    pointing = union_all(
        *(select(column.label("id")).where(column.is_not(None)) for column in _pointing())
    ).subquery()
    settled = or_(
        OutboxMessage.state.in_((MessageState.SENT, MessageState.WITHDRAWN)),
        and_(OutboxMessage.state.in_(_FAILED), OutboxMessage.seen_at.is_not(None)),
    )
    return (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.queued_at < bindparam("before"),
            settled,
            OutboxMessage.id.not_in(select(pointing.c.id)),
        )
        .order_by(OutboxMessage.id)
        .limit(MOST)
    )


def _pointing() -> Iterator[Column[int]]:
    """Every column that keeps the number of a letter."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.target_fullname == "outbox_message.id":
                yield key.parent
