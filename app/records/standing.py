"""A record as it stands, read for its pages: what can be read of it, who gets it, how its clock
runs, and whether it is being corrected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.clock import words_for_moment
from app.core.crypto import UnreadableField
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.protocols.exchange import restore
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.protocols.types import Clock, Due
from app.records import ledger, queries, rules, service
from app.records.document.canonical import CanonicalError
from app.records.document.readers import for_reader
from app.records.document.types import Protected, Reader, ReaderRecord, Record, RecordContent
from app.records.keys import UnreadableRecord
from app.records.readers import reader_for
from app.records.types import InviteeFacts, NoCopy, Recipient

# A draft is not signed, so nothing needs hiding behind its hash.
DRAFT_BLINDING = "0" * 64


@dataclass(frozen=True, slots=True)
class Correcting:
    """A correction under way."""

    number: int
    reason: str
    opened_by: str
    opened_at: datetime


def readable(
    session: Session, meeting: Meeting, now: datetime
) -> tuple[Record[Protected] | None, tuple[str, ...]]:
    """The record as it stands, and what people must be told of it: what cannot be read or made is
    shown here, and never a fault that hides the rest of the page."""
    troubles = [
        f"The {f'copy for {one.reader}' if one.reader else 'council’s own copy'} of version "
        f"{one.number} could not be made, {words_for_moment(one.since)}. It is tried again by "
        "itself. Tell your system administrator if this stays."
        for one in queries.faults_of(session, meeting.id)
    ]
    try:
        return _standing(session, meeting, now), tuple(troubles)
    except (CanonicalError, UnreadableRecord, UnreadableField):
        troubles.insert(
            0,
            "The signed record cannot be read: what is stored was damaged or its key is missing. "
            "Tell your system administrator at once.",
        )
        return None, tuple(troubles)


def _standing(session: Session, meeting: Meeting, now: datetime) -> Record[Protected]:
    return (
        _signed(session, meeting) if is_signed(meeting) else service.draft_of(session, meeting, now)
    )


def _signed(session: Session, meeting: Meeting) -> Record[Protected]:
    newest = queries.newest_version(session, meeting.id)
    if newest is None:
        raise LookupError("a signed discussion without a version")
    return service.content_of(session, newest).record


def is_signed(meeting: Meeting) -> bool:
    """Whether what was signed is what stands: not so under a correction."""
    return meeting.state is MeetingState.SIGNED


def as_read(
    record: Record[Protected], reader: Reader, former: RecordContent | None = None
) -> ReaderRecord:
    """What one reader sees of a record, with what a correction changed since `former`."""
    return for_reader(RecordContent(record, DRAFT_BLINDING), reader, former)


def readers_of(
    meeting: Meeting, record: Record[Protected], had: Collection[int]
) -> tuple[tuple[Recipient, ...], tuple[NoCopy, ...]]:
    """Who gets a copy, and who gets none and why. `had` are those who were given an earlier one."""
    people = queries.invitees_of(meeting)
    names = {one.id: one.name for one in people}
    getting, without = rules.recipients(people, had)
    return tuple(_recipient(one, record, names) for one in getting), without


def _recipient(one: InviteeFacts, record: Record[Protected], names: dict[int, str]) -> Recipient:
    view = as_read(record, reader_for(one)).view
    return rules.as_recipient(one, view, names.get(one.deputy_for or 0, ""))


def record_panel(
    session: Session, meeting: Meeting, recalled: bool, now: datetime
) -> DeadlinePanel | None:
    """The record's clock, which warns four hours before; None before the meeting ended (F5).

    It is met by the first version that is with everyone: a correction does not make a record late
    that was in time. Whoever had a recalled version was told to delete it: of one that never
    reached everyone the clock says nothing, else that it was recalled since.
    """
    return panel(meeting, ledger.first_circulated(session, meeting), recalled, now)


def panel(
    meeting: Meeting, reached: datetime | None, recalled: bool, now: datetime
) -> DeadlinePanel | None:
    """The same, where it is known already when the record reached everyone."""
    if recalled and reached is None and is_signed(meeting):
        return None
    due = restore(meeting.clocks).clocks.get(Clock.RECORD_CIRCULATED)
    shown = deadline_panel(due, now, reached) if isinstance(due, Due) else None
    if shown is None or reached is None or not recalled:
        return shown
    return replace(
        shown,
        state_text=f"{shown.state_text}, recalled since",
        left_text=f"It was with everyone {words_for_moment(reached)}. Nobody is to have it now.",
    )


def correcting(session: Session, meeting: Meeting) -> Correcting | None:
    """The correction under way, with who opened it; None where there is none."""
    held = queries.open_correction(session, meeting.id)
    if held is None:
        return None
    opened_by = session.get_one(Staff, held.opened_by_id).name
    return Correcting(held.number, held.reason, opened_by, held.opened_at)
