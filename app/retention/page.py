"""The pages of the archive: worked out here, so that the templates only display."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_day
from app.retention import cases, holds, queries, rules
from app.retention.models import ClosedCase
from app.retention.reviewing import reviewers
from app.retention.types import CaseKey, CaseKind, Stage

MOST = 50
BACK = {
    CaseKind.REFERRAL: "referrals.referral",
    CaseKind.MEETING: "meetings.overview",
    CaseKind.ABUSE: "abuse.case",
    CaseKind.FORM: "arrivals.as_sent",
}


@dataclass(frozen=True, slots=True)
class CaseLine:
    ref: str
    kind: str
    closed: str
    until: str
    why: str


@dataclass(frozen=True, slots=True)
class HeldLine:
    ref: str
    kind: str
    since: str
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that keeps the case: put on it, or on another case about its children."""

    ref: str
    kind: str
    own: bool
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ListsPage:
    due: tuple[CaseLine, ...]
    held: tuple[HeldLine, ...]
    approved: tuple[CaseLine, ...]
    most: int

    @property
    def cases(self) -> tuple[CaseLine | HeldLine, ...]:
        """All of them: each shows what somebody wrote about the case."""
        return (*self.due, *self.held, *self.approved)


@dataclass(frozen=True, slots=True)
class Second:
    """Who reviews the deletion where this person lifted a hold, or is about to. `barred`: they
    have, and may not; `who` else may."""

    barred: bool
    who: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """`open`: what keeps it from being closed. `stage`: empty while the case is open."""

    ref: str
    kind: str
    what: str
    back: str  # endpoint
    open: tuple[str, ...]
    stage: str
    stage_words: str
    colour: str
    closed_at: datetime | None
    keep_until: datetime | None
    rule: str
    reason: str
    source: str
    longer: str
    holds: tuple[Held, ...]
    approved: str
    goes_at: datetime | None
    deleted_at: datetime | None
    second: Second


def lists_page(session: Session, now: datetime) -> ListsPage:
    """What is to be reviewed, held, and about to be deleted: three statements."""
    return ListsPage(
        due=tuple(_line(one, one.rule["reason"]) for one in
                  queries.due_for_review(session, now, MOST)),
        held=tuple(
            HeldLine(one.on.ref, one.on.kind.value, words_for_day(one.hold.held_at),
                     one.hold.reason)
            for one in holds.all_active(session, MOST)
        ),
        approved=tuple(
            _line(one, one.approved_reason or "") for one in queries.approved(session, MOST)
        ),
        most=MOST,
    )  # fmt: skip


def case_page(
    session: Session, key: CaseKey, staff_id: int | None, now: datetime
) -> CasePage | None:
    """Where one case stands, for this person; None where there is none."""
    rows = cases.rows_of(session, key)
    case = queries.closed_case(session, key, rows.id) if rows else queries.gone(session, key.ref)
    if rows is None and case is None:
        return None
    held = tuple(
        Held(one.on.ref, one.on.kind.value, one.on == key, one.hold.held_at, one.by or "",
             one.hold.reason)
        for one in (holds.active(session, key, rows) if rows else ())
    )  # fmt: skip
    second = _second(session, key, rows, staff_id) if rows else Second(False, "")
    if case is None:
        waits = tuple(rules.still_open(cases.facts_of(session, rows))) if rows else ()
        return CasePage(
            key.ref, key.kind.value, key.kind.label, BACK[key.kind], waits, "", "Open", "teal",
            None, None, "", "", "", "", held, "", None, None,
            second,
        )  # fmt: skip
    stage = rules.stage_of(
        keep_until=case.keep_until,
        held=case.held_at is not None or bool(held),
        approved=case.approved_at is not None,
        deleted=case.deleted_at is not None,
        now=now,
    )
    return CasePage(
        ref=key.ref,
        kind=key.kind.value,
        what=key.kind.label,
        back="" if stage is Stage.DELETED else BACK[key.kind],
        open=(),
        stage=stage.value,
        stage_words=stage.label,
        colour=stage.colour,
        closed_at=case.closed_at,
        keep_until=case.keep_until,
        rule=case.rule["id"],
        reason=case.rule["reason"],
        source=case.rule["document"] or case.rule["source"],
        longer=case.longer_reason or "",
        holds=held,
        approved=case.approved_reason or "",
        goes_at=case.approved_at + rules.GRACE
        if case.approved_at and stage is Stage.APPROVED
        else None,
        deleted_at=case.deleted_at,
        second=second,
    )


def _second(session: Session, key: CaseKey, rows: cases.CaseRows, staff_id: int | None) -> Second:
    lifters = holds.lifters(session, key, rows)
    without = lifters if staff_id is None else lifters | {staff_id}
    return Second(staff_id in lifters, rules.who_else(reviewers(session, rows, without)))


def _line(case: ClosedCase, why: str) -> CaseLine:
    return CaseLine(
        ref=case.ref,
        kind=queries.key_of(case).kind.value,
        closed=words_for_day(case.closed_at),
        until=words_for_day(case.keep_until),
        why=why,
    )
