"""Reading and checking the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, Row, bindparam, exists, func, select, text, tuple_
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, AuditHead, AuditView
from app.audit.rules import GENESIS, VIEWS_CHAINED, entry_digest, head_seal, views_digest
from app.audit.service import view_row
from app.audit.types import Actor, ActorKind, ChainProblem, Head, Subject
from app.core.crypto import same
from app.core.database import UTCDateTime
from app.core.installation import audit_key

_ENTRIES = select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=500)
_HEAD = select(AuditHead.entry_id, AuditHead.digest, AuditHead.seal).where(AuditHead.id == 1)
_VIEWS = select(AuditView).order_by(AuditView.id).execution_options(yield_per=500)
_VIEWS_OF = (
    select(AuditView).where(AuditView.entry_id == bindparam("entry_id")).order_by(AuditView.id)
)
# Numbers go up with time: from the first one since then on, the index of references leads past all
# that was seen of a case before.
_FIRST_SINCE = (
    select(AuditView.id)
    .where(AuditView.at >= bindparam("since", type_=UTCDateTime()))
    .order_by(AuditView.at, AuditView.id)
    .limit(1)
    .scalar_subquery()
)
# By the references alone: one may have seen thousands since then, and what PostgreSQL knows of the
# last minutes is old, so that it takes them to be few. So neither person nor time is any index's.
_SEEN_SINCE = (
    select(AuditView.subject_kind, AuditView.subject_ref)
    .where(
        AuditView.subject_ref.in_(bindparam("refs", expanding=True)),
        AuditView.id >= _FIRST_SINCE,
        AuditView.actor_id + 0 == bindparam("actor"),
        AuditView.actor_kind == bindparam("actor_kind"),
    )
    .group_by(AuditView.subject_kind, AuditView.subject_ref)
    .having(func.max(AuditView.at) >= bindparam("since", type_=UTCDateTime()))
)
_HISTORY_OF = (
    select(AuditEntry)
    .where(
        tuple_(AuditEntry.subject_kind, AuditEntry.subject_ref).in_(
            bindparam("pairs", expanding=True)
        )
    )
    .order_by(AuditEntry.id.desc())
    .limit(bindparam("most", type_=Integer()))
)
_DETAILS = (
    select(AuditEntry.actor_kind, AuditEntry.actor_id, AuditEntry.details)
    .where(
        AuditEntry.subject_kind == bindparam("kind"),
        AuditEntry.subject_ref == bindparam("ref"),
        AuditEntry.action == bindparam("action"),
    )
    .order_by(AuditEntry.id)
)
_VIEWERS = (
    select(AuditView.actor_label, func.count(), func.max(AuditView.at, type_=UTCDateTime()))
    .where(AuditView.subject_kind == bindparam("kind"), AuditView.subject_ref == bindparam("ref"))
    .group_by(AuditView.actor_kind, AuditView.actor_id, AuditView.actor_label)
    .order_by(func.max(AuditView.at).desc())
)
_VIEWS_OF_PAGE = (
    select(AuditView.actor_label, AuditView.at, AuditView.page)
    .where(
        AuditView.subject_kind == bindparam("kind"),
        AuditView.subject_ref == bindparam("ref"),
        (AuditView.page == bindparam("page")) | AuditView.page.like(bindparam("parts")),
    )
    .order_by(AuditView.id.desc())
)
_NOTED_SINCE = select(
    exists().where(
        AuditView.subject_kind == bindparam("kind"),
        AuditView.subject_ref == bindparam("ref"),
        AuditView.actor_kind == bindparam("actor_kind"),
        AuditView.actor_id == bindparam("actor"),
        AuditView.page == bindparam("page"),
        AuditView.at > bindparam("since", type_=UTCDateTime()),
    )
)
# Views that point to a row which bound no views, or to none at all.
_STRAY_VIEWS = (
    select(AuditView.entry_id)
    .distinct()
    .where(
        AuditView.entry_id.is_not(None),
        ~exists().where(AuditEntry.id == AuditView.entry_id, AuditEntry.action == VIEWS_CHAINED),
    )
    .order_by(AuditView.entry_id)
)

_OLDEST_UNCHAINED = (
    select(AuditView.at).where(text("audit_view.entry_id IS NULL")).order_by(AuditView.id).limit(1)
)
_HeadRow = Row[int, str, str]


def history(session: Session, kind: str, ref: str, most: int = 50) -> list[AuditEntry]:
    """What was done to one subject, newest first."""
    return list(
        session.execute(
            select(AuditEntry)
            .where(AuditEntry.subject_kind == kind, AuditEntry.subject_ref == ref)
            .order_by(AuditEntry.id.desc())
            .limit(most)
        ).scalars()
    )


def history_of(
    session: Session, subjects: Collection[Subject], most: int = 100
) -> list[AuditEntry]:
    """What was done to several subjects, newest first: one statement."""
    pairs = [(one.kind, one.ref) for one in subjects]
    return list(session.execute(_HISTORY_OF, {"pairs": pairs, "most": most}).scalars())


class Viewer(NamedTuple):
    """Somebody who looked at a subject: how often, and when last."""

    who: str
    times: int
    last_at: datetime


def viewers(session: Session, subject: Subject) -> list[Viewer]:
    """Who looked at a subject, the last to look first: one statement (H3)."""
    rows = session.execute(_VIEWERS, {"kind": subject.kind, "ref": subject.ref})
    return [Viewer(*row) for row in rows]


class Viewed(NamedTuple):
    """That somebody was sent one page of a subject."""

    who: str
    at: datetime
    page: str


def views_of_page(session: Session, subject: Subject, page: str) -> list[Viewed]:
    """Each time that this page of a subject was sent, or a part of it, which is named after a
    colon; the newest first (H3)."""
    values = {"kind": subject.kind, "ref": subject.ref, "page": page, "parts": f"{page}: %"}
    return [Viewed(*row) for row in session.execute(_VIEWS_OF_PAGE, values)]


def noted_since(
    session: Session, actor: Actor, page: str, subject: Subject, since: datetime
) -> bool:
    """Whether it is noted that this person saw exactly this page of a subject since then."""
    values = {
        "kind": subject.kind, "ref": subject.ref, "page": page,
        "actor": actor.id, "actor_kind": actor.kind, "since": since,
    }  # fmt: skip
    return bool(session.execute(_NOTED_SINCE, values).scalar())


def seen_since(
    session: Session, actor: Actor, subjects: Collection[Subject], since: datetime
) -> set[Subject]:
    """Of which of these this person saw a page since then: one statement."""
    refs = list({one.ref for one in subjects})
    values = {"refs": refs, "actor": actor.id, "actor_kind": actor.kind, "since": since}
    seen = {Subject._make(row) for row in session.execute(_SEEN_SINCE, values).all()}
    return seen.intersection(subjects)


def oldest_unchained(session: Session) -> datetime | None:
    """When the oldest view that is not bound into the chain was noted; None where all are."""
    return session.execute(_OLDEST_UNCHAINED).scalar()


def head(session: Session) -> Head | None:
    """The last link of the chain, to be written down outside; None while there is none."""
    row = session.execute(_HEAD).one_or_none()
    return None if row is None else Head(row.entry_id, row.digest)


def verify_chain(session: Session, anchor: Head | None = None) -> Iterator[ChainProblem]:
    """Every change, cut or gap in the chain, its views and its head (H3). Nothing when whole.

    Reads row by row, so that memory stays the same however long the audit is. Others may append
    meanwhile: the head is read before the rows and again after them. `anchor` is a head that was
    written down outside earlier: its row must still be there, unchanged.
    """
    before = session.execute(_HEAD).one_or_none()
    expected, previous = 1, GENESIS
    anchored = anchor is None
    for entry in session.execute(_ENTRIES).scalars():
        if entry.id != expected:
            yield ChainProblem(expected, f"row {expected} is missing, row {entry.id} follows")
        if entry.previous != previous:
            yield ChainProblem(entry.id, f"row {entry.id} does not follow from the row before it")
        if _digest_of(entry) != entry.digest:
            yield ChainProblem(entry.id, f"row {entry.id} was changed after it was written")
        if entry.action == VIEWS_CHAINED:
            yield from _verify_views(session, entry)
        if anchor is not None and entry.id == anchor.entry_id:
            anchored = entry.digest == anchor.digest
        expected, previous = entry.id + 1, entry.digest
    yield from _verify_head(session, before, expected - 1, previous)
    for entry_id in session.execute(_STRAY_VIEWS).scalars():
        yield ChainProblem(entry_id, f"views point to row {entry_id}, which did not bind them")
    if anchor is not None and not anchored:
        yield ChainProblem(
            anchor.entry_id, f"row {anchor.entry_id} is not the one that was anchored outside"
        )


def _digest_of(entry: AuditEntry) -> str:
    return entry_digest(
        entry.previous,
        entry_id=entry.id,
        at=entry.at,
        actor_kind=entry.actor_kind.value,
        actor_id=entry.actor_id,
        actor_label=entry.actor_label,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_ref=entry.subject_ref,
        details=entry.details,
    )


def _verify_head(
    session: Session, before: _HeadRow | None, last: int, digest: str
) -> Iterator[ChainProblem]:
    """The rows read end somewhere between the head before and the head after them."""
    after = session.execute(_HEAD).one_or_none()
    if after is None:
        if last or before is not None:
            yield ChainProblem(None, "the head of the chain is missing")
        return
    if not same(after.seal, head_seal(audit_key(session), after.entry_id, after.digest)):
        yield ChainProblem(None, "the head of the chain was changed without the audit key")
    if before is not None and before.entry_id > last:
        yield ChainProblem(
            None, f"the chain was cut: its head says row {before.entry_id}, the last row is {last}"
        )
    if after.entry_id < last:
        yield ChainProblem(
            after.entry_id + 1, f"the rows after {after.entry_id} were added behind the head"
        )
    if after.entry_id == last and after.digest != digest:
        yield ChainProblem(last, f"the head of the chain does not fit its row {last}")


def _verify_views(session: Session, entry: AuditEntry) -> Iterator[ChainProblem]:
    rows = [view_row(view) for view in session.execute(_VIEWS_OF, {"entry_id": entry.id}).scalars()]
    bound = (entry.details.get("count"), entry.details.get("sha256"))
    if (len(rows), views_digest(rows)) != bound:
        yield ChainProblem(entry.id, f"the views bound by row {entry.id} were changed or cut")


def lines(
    session: Session, since: datetime | None = None, until: datetime | None = None
) -> Iterator[dict[str, object]]:
    """The audit as plain values, row by row: entries, then views, then the head; all of it, or
    what was at `since` or later and before `until`.

    All of it holds what `verify_chain` needs but the audit key, so that it can be checked
    elsewhere.
    """
    entries, views = _ENTRIES, _VIEWS
    if since is not None:
        entries, views = entries.where(AuditEntry.at >= since), views.where(AuditView.at >= since)
    if until is not None:
        entries, views = entries.where(AuditEntry.at < until), views.where(AuditView.at < until)
    for entry in session.execute(entries).scalars():
        yield {
            "type": "entry",
            "id": entry.id,
            "at": _moment(entry.at),
            "actor_kind": entry.actor_kind.value,
            "actor_id": entry.actor_id,
            "actor_label": entry.actor_label,
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_ref": entry.subject_ref,
            "details": entry.details,
            "previous": entry.previous,
            "digest": entry.digest,
        }
    for view in session.execute(views).scalars():
        yield {
            "type": "view",
            "id": view.id,
            "at": _moment(view.at),
            "actor_kind": view.actor_kind.value,
            "actor_id": view.actor_id,
            "actor_label": view.actor_label,
            "page": view.page,
            "subject_kind": view.subject_kind,
            "subject_ref": view.subject_ref,
            "entry_id": view.entry_id,
        }
    last = head(session)
    if last is not None:
        yield {"type": "head", "entry_id": last.entry_id, "digest": last.digest}


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def last_in_detail(
    session: Session, subject: Subject, action: str, detail: str
) -> dict[int, tuple[ActorKind, int | None]]:
    """Who last did `action` to each of the numbers that stand under `detail`."""
    asked = {"kind": subject.kind, "ref": subject.ref, "action": action}
    rows = session.execute(_DETAILS, asked)
    return {row.details[detail]: (row.actor_kind, row.actor_id) for row in rows}
