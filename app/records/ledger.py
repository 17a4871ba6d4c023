"""What became of each copy of a record, and when everyone had it (F2, F5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.meetings.models import Invitee, Meeting
from app.outbox.models import OutboxMessage
from app.records.models import Circulation, RecordVersion
from app.records.queries import VersionShown, versions_of
from app.records.rules import Progress, reached_everyone, step_of
from app.records.types import LedgerLine

_LEDGER = (
    select(
        Circulation,
        Invitee.name,
        Invitee.agency_name,
        Invitee.wrong_address,
        Invitee.links_withdrawn_at,
        Invitee.email,
        Staff.name.label("checked_by"),
        OutboxMessage.state,
        OutboxMessage.sent_at.label("left_at"),
        OutboxMessage.problem,
    )
    .join(Invitee, Invitee.id == Circulation.invitee_id)
    .join(Staff, Staff.id == Circulation.checked_by_id)
    .outerjoin(OutboxMessage, OutboxMessage.id == Circulation.message_id)
    .order_by(Circulation.id)
)
_LEDGERS = _LEDGER.join(RecordVersion, RecordVersion.id == Circulation.version_id)
# Of every version before one: what became of an unreleased one says nothing about its readers.
_BEFORE = (
    select(Circulation.invitee_id, Circulation.withheld_reason, Circulation.opened_at)
    .join(RecordVersion, RecordVersion.id == Circulation.version_id)
    .where(
        RecordVersion.meeting_id == bindparam("meeting_id"),
        RecordVersion.number < bindparam("number"),
    )
    .order_by(RecordVersion.number)
)


def ledger_of(session: Session, version_id: int) -> list[LedgerLine]:
    """What became of each copy of a version (F5)."""
    return _lines(session, _LEDGER.where(Circulation.version_id == version_id))


def ledgers_of(session: Session, meeting_id: int) -> dict[int, list[LedgerLine]]:
    """The same for every version that was released, by version: one statement."""
    found: dict[int, list[LedgerLine]] = {}
    for line in _lines(session, _LEDGERS.where(RecordVersion.meeting_id == meeting_id)):
        found.setdefault(line.version_id, []).append(line)
    return found


def _lines(session: Session, statement: Select[*tuple[Any, ...]]) -> list[LedgerLine]:
    lines = []
    for row in session.execute(statement):
        held: Circulation = row[0]
        step = step_of(
            Progress(
                withheld=held.withheld_reason is not None,
                queued_at=held.sent_at,
                message_state=row.state,
                opened_at=held.opened_at,
                downloaded_at=held.downloaded_at,
                acknowledged_at=held.acknowledged_at,
            )
        )
        lines.append(
            LedgerLine(
                circulation_id=held.id,
                version_id=held.version_id,
                invitee_id=held.invitee_id,
                name=row.name,
                agency_name=row.agency_name,
                step=step,
                withheld_reason=held.withheld_reason or "",
                problem=row.problem or "",
                queued_at=held.sent_at,
                sent_at=row.left_at,
                opened_at=held.opened_at,
                downloaded_at=held.downloaded_at,
                acknowledged_at=held.acknowledged_at,
                checked_by=row.checked_by,
                released_at=held.released_at,
                after_all=held.after_all_at is not None,
                attached=held.attached,
                reminded_at=held.reminded_at,
                wrong_address=(row.email or "") if row.wrong_address else "",
                links_withdrawn_at=row.links_withdrawn_at,
            )
        )
    return lines


def withheld_before(session: Session, meeting_id: int, number: int) -> dict[int, str]:
    """Whose last copy of a version before this one was withheld, and why, by invitee (F5)."""
    asked = {"meeting_id": meeting_id, "number": number}
    last = {row.invitee_id: row.withheld_reason for row in session.execute(_BEFORE, asked)}
    return {invitee_id: reason for invitee_id, reason in last.items() if reason is not None}


def had_before(session: Session, meeting_id: int, number: int) -> set[int]:
    """Who was given a version before this one, or opened it before it was withheld (F2)."""
    asked = {"meeting_id": meeting_id, "number": number}
    return {
        row.invitee_id
        for row in session.execute(_BEFORE, asked)
        if row.withheld_reason is None or row.opened_at is not None
    }


def first_circulated(session: Session, meeting: Meeting) -> datetime | None:
    """When a version of the record first reached everyone; None while none has."""
    versions = versions_of(session, meeting.id)
    return first_reached(meeting, versions, ledgers_of(session, meeting.id))


def first_reached(
    meeting: Meeting, versions: Sequence[VersionShown], ledgers: Mapping[int, list[LedgerLine]]
) -> datetime | None:
    """The same from what was read; `versions` are newest first."""
    if meeting.first_circulated_at is not None:
        return meeting.first_circulated_at
    for version in reversed(versions):
        if reached := reached_at(meeting, version, versions, ledgers):
            return reached
    return None


def reached_at(
    meeting: Meeting,
    version: VersionShown,
    versions: Sequence[VersionShown],
    ledgers: Mapping[int, list[LedgerLine]],
) -> datetime | None:
    """When this version was with everyone. What was noted of the newest holds: a copy that comes
    back later, or is sent once more, makes no record late that was in time."""
    noted = meeting.circulated_at if version.id == versions[0].id else None
    return noted or reached_everyone(ledgers.get(version.id, []))
