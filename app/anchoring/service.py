"""Sending the audit's head out, once a day (H3)."""

from __future__ import annotations

from datetime import datetime
from html import escape

from sqlalchemy.orm import Session

from app.anchoring.models import AuditAnchor
from app.anchoring.rules import letter
from app.anchoring.signing import sign
from app.audit import service as audit
from app.audit.queries import head as audit_head
from app.audit.types import SYSTEM, Subject
from app.core.clock import london_date
from app.invitations.envelope import frame
from app.invitations.types import LetterKind
from app.notices.service import desk_of
from app.outbox import service as outbox
from app.records.document.seal import Sealer

SUBJECT = "Head of the audit"


def send(
    session: Session, recipient: str, mail_from: str, site: str, sealer: Sealer, now: datetime
) -> int:
    """Queue today's letter unless it was; returns how many were queued.

    The letter's own audit row is the last that its head covers. It is signed before anything is
    kept, so that a day without a key is tried again.
    """
    day = london_date(now)
    if session.get(AuditAnchor, day) is not None:
        return 0
    audit.record(session, SYSTEM, "audit head sent out", Subject("audit", "anchor"), now)
    head = audit_head(session)
    if head is None:
        return 0
    text = letter(site, now, head, sign(sealer, site, now, head))
    made = frame(LetterKind.NOTICE, desk_of(session, mail_from), SUBJECT, now)
    message = made.fill("", recipient, text, f"<pre>{escape(text)}</pre>")
    queued = outbox.enqueue(session, message, now)
    session.add(
        AuditAnchor(
            day=day, made_at=now, entry_id=head.entry_id, digest=head.digest, message_id=queued.id
        )
    )
    session.flush()
    return 1
