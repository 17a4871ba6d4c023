"""How the installation and quality stand: a few statements, each served by an index (G1)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select, true
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
from app.meetings.received.queries import not_read
from app.outbox import queries as outbox
from app.referrals.models import Referral
from app.reports.duties.types import Backup, Installation, Quality
from app.reports.quality.board.service import MADE, SUBJECT
from app.reports.quality.near_misses.queries import WAITING, kinds_seen, to_review
from app.reports.quality.periods import month, quarter_before
from app.reports.quality.sample.queries import (
    OPEN,
    UNDRAWN,
    last_months,
    undrawn_of,
    undrawn_values,
)
from app.reports.returns.service import CENSUS, census_of
from app.reports.returns.types import Year

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
# The same row, with what was found while it was taken.
_LAST_BACKUP = _LAST.with_only_columns(AuditEntry.at, AuditEntry.details)
_NEAR_MISSES = WAITING.subquery()
_REVIEWS = OPEN.subquery()
# Everything in one statement: each part is found by an index, and few parts are ever empty.
_QUALITY = select(
    _NEAR_MISSES.c.how_many,
    _NEAR_MISSES.c.oldest,
    _REVIEWS.c.cases,
    _REVIEWS.c.samples,
    _REVIEWS.c.oldest,
    exists().where(Referral.received_at < bindparam("quarter_end", type_=UTCDateTime())),
    _LAST.scalar_subquery(),
    *UNDRAWN,
).select_from(_NEAR_MISSES.join(_REVIEWS, true()))


def installation(session: Session, now: datetime, *, reads_mail: bool) -> Installation:
    """How the installation stands; `reads_mail` where it has a mailbox to read."""
    backup = last_backup(session)
    return Installation(
        worker_seen=worker_seen(session),
        mail_held=outbox.held_since(session),
        mail_oldest=outbox.oldest_waiting(session),
        mail_failed=len(outbox.failures(session)),
        mailbox=not_read(session, now) if reads_mail else None,
        notice_oldest=early_notice.oldest_due(session),
        views_oldest=oldest_unchained(session),
        backup=backup and backup.at,
        backup_problems=backup.problems if backup else 0,
        paused=session.execute(_PAUSED, {"now": now}).scalar_one(),
    )


def last_backup(session: Session) -> Backup | None:
    """The backup taken last, and how many things it found in the database that are not whole."""
    row = session.execute(_LAST_BACKUP, _subject(*BACKUP_TAKEN)).one_or_none()
    return None if row is None else Backup(row.at, int(row.details.get("problems", 0)))


def quality(session: Session, roles: Collection[Role], now: datetime) -> Quality:
    """What is open in quality, as far as somebody with these roles sees it."""
    today = london_date(now)
    reviews = may(roles, Permission.NEAR_MISS_REVIEW)
    kinds = kinds_seen(roles, reviews=reviews)
    if not may(roles, Permission.QUALITY_SEE):
        count, oldest = to_review(session, kinds) if kinds else (0, None)
        return Quality(count, oldest, (), 0, 0, None, report_made=True)
    quarter, months = quarter_before(today), last_months(today)
    quarter_end = quarter.moments[1]
    values = {
        "kinds": list(kinds), "quarter_end": quarter_end, **_subject(SUBJECT, quarter.key, MADE),
        **undrawn_values(months),
    }  # fmt: skip
    count, oldest, cases, of_samples, month_open, came_before, made, *told = session.execute(
        _QUALITY, values
    ).one()
    return Quality(
        near_misses=count,
        near_miss_oldest=oldest,
        undrawn=undrawn_of(months, told),
        to_review=cases,
        samples_open=of_samples,
        oldest_open=month(month_open.year, month_open.month) if month_open else None,
        # What was taken away before the quarter was over was not whole.
        report_made=not came_before or (made is not None and made >= quarter_end),
    )


def census_exported(session: Session, year: Year) -> datetime | None:
    """When the census file of a year was last made."""
    subject = census_of(year)
    return _last(session, subject.kind, subject.ref, CENSUS)


def _last(session: Session, kind: str, ref: str, action: str) -> datetime | None:
    return session.execute(_LAST, _subject(kind, ref, action)).scalar_one_or_none()


def _subject(kind: str, ref: str, action: str) -> dict[str, str]:
    return {"kind": kind, "ref": ref, "action": action}
