"""What the pages of a record show, worked out here so that templates only display."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.core.clock import words_for_day
from app.directory.queries import council
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.types import Missing
from app.meetings.models import Meeting
from app.meetings.queries import staff_name
from app.meetings.types import MeetingState
from app.protocols.panel import DeadlinePanel
from app.records import ledger, queries, rules, service
from app.records.document import wording
from app.records.document.types import Protected, ReaderRecord, Record, RecordContent
from app.records.extracts.service import Part, parts_of
from app.records.open_homes import open_homes
from app.records.queries import DissentBeside, VersionShown
from app.records.readers import council_reader, reader_for
from app.records.recall.queries import RecallShown, recalls_of
from app.records.standing import (
    DRAFT_BLINDING,
    Correcting,
    as_read,
    correcting,
    is_signed,
    readable,
    readers_of,
    record_panel,
)
from app.records.types import NoCopy, Recipient, SigningAs


@dataclass(frozen=True, slots=True)
class ActionShown:
    what: str
    who: str
    agency: str
    due: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The record's first page: what was decided, who does what by when."""

    headlines: tuple[wording.Headlines, ...]
    actions: tuple[ActionShown, ...]
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GatePage:
    ref: str
    state: MeetingState
    started: bool
    signable: bool
    missing: tuple[Missing, ...]
    summary: Summary | None
    readers: tuple[Recipient, ...]
    without: tuple[NoCopy, ...]
    open_homes: tuple[str, ...]  # where a child's address stands for every reader
    deadline: DeadlinePanel | None
    versions: tuple[VersionShown, ...]
    correcting: Correcting | None
    troubles: tuple[str, ...]
    beside: tuple[DissentBeside, ...]
    parts: tuple[Part, ...]
    recalled: RecallShown | None
    circulated: bool  # the newest version is with everyone

    @property
    def signed(self) -> bool:
        return self.state is MeetingState.SIGNED

    @property
    def to_correct(self) -> bool:
        """Whether what was recalled waits for a corrected version, or to be closed."""
        return self.taken_back and self.recalled is not None and not self.recalled.closed_at

    @property
    def taken_back(self) -> bool:
        """Whether the record that stands was recalled: nobody gets it."""
        return self.signed and self.recalled is not None

    @property
    def circulation(self) -> str:
        """What is done, or seen, on the page of the copies."""
        if self.recalled:
            return "Who had the recalled record"
        return "Who has read the record" if self.circulated else "Circulate the record"


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """What a correction says otherwise than the version that was signed before."""

    place: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class SignPage:
    ref: str
    statement: str
    seen: str
    for_chair: str
    nobody_chairs: bool  # yet: who signs does
    summary: Summary
    correcting: Correcting | None
    changes: tuple[ChangeShown, ...]


def gate_page(session: Session, meeting: Meeting, now: datetime) -> GatePage:
    """What is missing, what the record will say, and who will get what of it (F1, F4)."""
    begun = meeting.started_at is not None and meeting.state is not MeetingState.CANCELLED
    record, troubles = readable(session, meeting, now) if begun else (None, ())
    versions = queries.versions_of(session, meeting.id)
    had = ledger.had_before(session, meeting.id, record.version) if record else set()
    readers, without = readers_of(meeting, record, had) if record else ((), ())
    missing = gate_of(session, meeting) if begun and not is_signed(meeting) else []
    taken_back = recalls_of(session, meeting.id).get(versions[0].id) if versions else None
    return GatePage(
        ref=meeting.ref,
        state=meeting.state,
        started=begun,
        signable=meeting.state in rules.SIGNABLE and not missing,
        missing=tuple(missing),
        summary=_summary(session, record) if record else None,
        readers=readers,
        without=without,
        open_homes=open_homes(record, readers) if record and not taken_back else (),
        deadline=record_panel(session, meeting, taken_back is not None, now),
        versions=tuple(versions),
        correcting=correcting(session, meeting),
        troubles=troubles,
        beside=(
            tuple(queries.dissents_beside(session, meeting.id, versions[0].signed_at))
            if versions
            else ()
        ),
        parts=_parts(record) if record and is_signed(meeting) and not taken_back else (),
        recalled=taken_back,
        circulated=meeting.circulated_at is not None,
    )


def _parts(record: Record[Protected]) -> tuple[Part, ...]:
    return tuple(parts_of(RecordContent(record, DRAFT_BLINDING)))


def sign_page(session: Session, meeting: Meeting, staff: StaffMember, now: datetime) -> SignPage:
    """The sentence that is signed and what it is signed under (F2)."""
    record = service.draft_of(session, meeting, now)
    chair = staff_name(session, meeting.chair_id)
    for_chair = chair if meeting.chair_id not in (None, staff.id) else ""
    signing = (
        SigningAs(staff.name, rules.OTHER_MANAGER, for_chair)
        if for_chair
        else SigningAs(staff.name, rules.CHAIR)
    )
    return SignPage(
        ref=meeting.ref,
        statement=rules.statement_words(
            meeting.ref,
            record.version,
            signing,
            words_for_day(record.meeting.started_at),
            len(record.children),
            len(record.actions),
        ),
        seen=rules.seen_digest(record),
        for_chair=for_chair,
        nobody_chairs=meeting.chair_id is None,
        summary=_summary(session, record),
        correcting=correcting(session, meeting),
        changes=_changes(session, meeting, record),
    )


def _changes(
    session: Session, meeting: Meeting, record: Record[Protected]
) -> tuple[ChangeShown, ...]:
    """What a correction changes, with the former words: whoever signs has read both."""
    former = service.former_of(session, meeting, record.version)
    copy = as_read(record, council_reader(record.authority), former)
    return tuple(
        ChangeShown(wording.change_place(one), one.before, wording.change_now(one))
        for one in copy.changes
    )


def draft_for(
    session: Session, meeting: Meeting, invitee_id: int | None, now: datetime
) -> ReaderRecord | None:
    """The draft as this invitee's copy would show it; the council's without one. None for an
    invitee who gets no copy."""
    record = service.draft_of(session, meeting, now)
    former = service.former_of(session, meeting, record.version)
    if invitee_id is None:
        return as_read(record, council_reader(record.authority), former)
    had = ledger.had_before(session, meeting.id, record.version)
    getting, _ = rules.recipients(queries.invitees_of(meeting), had)
    reader = next((one for one in getting if one.id == invitee_id), None)
    return as_read(record, reader_for(reader), former) if reader else None


def _summary(session: Session, record: Record[Protected]) -> Summary:
    view = as_read(record, council_reader(council(session).authority)).view
    return Summary(
        headlines=wording.headlines(view),
        actions=tuple(
            ActionShown(
                wording.passage_on_paper(action.what).text,
                action.who,
                action.agency,
                wording.action_due(action.due),
            )
            for action in view.actions
        ),
        children=tuple(child.name for child in view.children),
    )
