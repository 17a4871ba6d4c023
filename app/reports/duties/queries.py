"""How the installation and quality stand: a few statements, each served by an index (G1)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.rules import may
from app.accounts.types import Permission, Role
from app.audit.models import AuditEntry
from app.audit.queries import oldest_unchained
from app.core.clock import london_date
from app.core.database import UTCDateTime
from app.core.installation import worker_seen
from app.meetings.early_notice import queries as early_notice
from app.outbox import queries as outbox
from app.reports.duties.types import Installation, Quality
from app.reports.quality.board.service import MADE, SUBJECT
from app.reports.quality.near_misses.queries import kinds_seen, to_review
from app.reports.quality.periods import month_before, quarter_before
from app.reports.quality.sample.models import AuditedCase
from app.reports.quality.sample.queries import anything_before, anything_decided, of_month

# Kind, reference and action of the audit row that a backup leaves (app.cli.backup).
BACKUP_TAKEN = ("backup", "database", "backup taken")
_PAUSED = select(func.count()).where(
    Staff.paused_until > bindparam("now", type_=UTCDateTime()), Staff.ended_at.is_(None)
)
_LAST = (
    select(AuditEntry.at)
    .where(
        AuditEntry.subject_kind == bindparam("kind"),
        AuditEntry.subject_ref == bindparam("ref"),
        AuditEntry.action == bindparam("action"),
    )
    .order_by(AuditEntry.id.desc())
    .limit(1)
)
_OPEN = select(func.count()).where(
    AuditedCase.sample_id == bindparam("sample"), AuditedCase.reviewed_at.is_(None)
)


def installation(session: Session, now: datetime) -> Installation:
    """How the installation stands."""
    return Installation(
        worker_seen=worker_seen(session),
        mail_held=outbox.held_since(session),
        mail_oldest=outbox.oldest_waiting(session),
        mail_failed=len(outbox.failures(session)),
        notice_oldest=early_notice.oldest_due(session),
        views_oldest=oldest_unchained(session),
        backup=_last(session, *BACKUP_TAKEN),
        paused=session.execute(_PAUSED, {"now": now}).scalar_one(),
    )


def quality(session: Session, roles: Collection[Role], now: datetime) -> Quality:
    """What is open in quality, as far as somebody with these roles sees it."""
    today = london_date(now)
    reviews = may(roles, Permission.NEAR_MISS_REVIEW)
    kinds = kinds_seen(roles, reviews=reviews)
    count, oldest = to_review(session, kinds) if kinds else (0, None)
    if not may(roles, Permission.QUALITY_SEE):
        return Quality(count, oldest, sample_drawn=True, sample_open=0, report_made=True)
    last_month, quarter = month_before(today), quarter_before(today)
    sample = of_month(session, last_month.start)
    return Quality(
        near_misses=count,
        near_miss_oldest=oldest,
        sample_drawn=sample is not None or not anything_decided(session, last_month),
        sample_open=session.execute(_OPEN, {"sample": sample.id}).scalar_one() if sample else 0,
        report_made=(
            not anything_before(session, quarter.moments[1])
            # What was taken away before the quarter was over was not whole.
            or (
                (made := _last(session, SUBJECT, quarter.key, MADE)) is not None
                and made >= quarter.moments[1]
            )
        ),
    )


def _last(session: Session, kind: str, ref: str, action: str) -> datetime | None:
    values = {"kind": kind, "ref": ref, "action": action}
    return session.execute(_LAST, values).scalar_one_or_none()
