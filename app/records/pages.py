"""What the pages of a record show, worked out here so that templates only display."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import StaffMember
from app.core.clock import words_for_day, words_for_moment
from app.core.crypto import UnreadableField
from app.directory.queries import council
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.types import Missing
from app.meetings.models import Meeting
from app.meetings.open_case.queries import perpetrators_employers
from app.meetings.queries import staff_name
from app.meetings.types import MeetingState
from app.protocols.exchange import restore
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.protocols.types import Clock, Due
from app.records import queries, rules, service
from app.records.document import wording
from app.records.document.canonical import CanonicalError
from app.records.document.readers import for_reader
from app.records.document.types import Protected, Reader, ReaderRecord, Record, RecordContent
from app.records.extracts.service import Part, parts_of
from app.records.keys import UnreadableRecord
from app.records.queries import DissentBeside, VersionShown
from app.records.recall.queries import RecallShown, recalls_of
from app.records.types import InviteeFacts, LedgerLine, NoCopy, Recipient, SigningAs, Step
from app.referrals.employers import Employers, judge

# A draft is not signed, so nothing needs hiding behind its hash.
_DRAFT_BLINDING = "0" * 64


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
class Correcting:
    """A correction under way."""

    number: int
    reason: str
    opened_by: str
    opened_at: datetime


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
    deadline: DeadlinePanel | None
    versions: tuple[VersionShown, ...]
    correcting: Correcting | None
    troubles: tuple[str, ...]
    beside: tuple[DissentBeside, ...]
    parts: tuple[Part, ...]
    recalled: RecallShown | None

    @property
    def signed(self) -> bool:
        return self.state is MeetingState.SIGNED


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


@dataclass(frozen=True, slots=True)
class ReaderToRelease:
    recipient: Recipient
    warning: str
    may_attach: bool  # the address is on the secure list
    withheld_before: str  # why the version before was withheld; empty where it was not


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of each copy of one version. Only of the newest may anything still be done."""

    number: int
    newest: bool
    lines: tuple[LedgerLine, ...]
    reached_at: datetime | None  # when it was with everyone
    checks: tuple[tuple[str, datetime], ...]  # who checked the recipients, and when
    recalled: RecallShown | None
    had_opened: tuple[str, ...]  # of a version that was recalled

    @property
    def nobody(self) -> bool:
        """Whether every copy is withheld."""
        return all(line.step is Step.WITHHELD for line in self.lines)

    @property
    def open(self) -> bool:
        """Whether anything may still be done with its copies."""
        return self.newest and self.recalled is None


@dataclass(frozen=True, slots=True)
class CirculatePage:
    ref: str
    version: VersionShown | None
    to_release: tuple[ReaderToRelease, ...]
    without: tuple[NoCopy, ...]
    ledgers: tuple[Ledger, ...]  # newest version first
    deadline: DeadlinePanel | None
    correcting: Correcting | None
    troubles: tuple[str, ...]
    recalled: RecallShown | None  # the newest version was taken back

    @property
    def recallable(self) -> int:
        """The number of the version that may be taken back; 0 where there is none."""
        newest = next(iter(self.ledgers), None)
        return newest.number if newest and newest.recalled is None else 0

    @property
    def closable(self) -> bool:
        """Whether it may be said that no corrected version follows the recall (F8)."""
        taken_back = self.recalled
        return taken_back is not None and not taken_back.closed_at and self.correcting is None


def gate_page(session: Session, meeting: Meeting, now: datetime) -> GatePage:
    """What is missing, what the record will say, and who will get what of it (F1, F4)."""
    begun = meeting.started_at is not None and meeting.state is not MeetingState.CANCELLED
    record, troubles = _readable(session, meeting, now) if begun else (None, ())
    versions = queries.versions_of(session, meeting.id)
    had = queries.had_before(session, meeting.id, record.version) if record else set()
    readers, without = _readers(meeting, record, had) if record else ((), ())
    missing = gate_of(session, meeting) if begun and not _is_signed(meeting) else []
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
        deadline=record_panel(session, meeting, now),
        versions=tuple(versions),
        correcting=_correcting(session, meeting),
        troubles=troubles,
        beside=(
            tuple(queries.dissents_beside(session, meeting.id, versions[0].signed_at))
            if versions
            else ()
        ),
        parts=_parts(record) if record and _is_signed(meeting) and not taken_back else (),
        recalled=taken_back,
    )


def _parts(record: Record[Protected]) -> tuple[Part, ...]:
    return tuple(parts_of(RecordContent(record, _DRAFT_BLINDING)))


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
        correcting=_correcting(session, meeting),
        changes=_changes(session, meeting, record),
    )


def _changes(
    session: Session, meeting: Meeting, record: Record[Protected]
) -> tuple[ChangeShown, ...]:
    """What a correction changes, with the former words: whoever signs has read both."""
    former = service.former_of(session, meeting, record.version)
    copy = _as_read(record, rules.council_reader(record.authority), former)
    return tuple(
        ChangeShown(wording.change_place(one), one.before, wording.change_now(one))
        for one in copy.changes
    )


def circulate_page(session: Session, meeting: Meeting, now: datetime) -> CirculatePage:
    """Whom the newest version goes to, and what became of each copy (F5)."""
    versions = queries.versions_of(session, meeting.id)
    ledgers = queries.ledgers_of(session, meeting.id)
    version = next(iter(versions), None)
    recalls = recalls_of(session, meeting.id)
    recalled = recalls.get(version.id) if version else None
    waiting: tuple[ReaderToRelease, ...] = ()
    without: tuple[NoCopy, ...] = ()
    record, troubles = _readable(session, meeting, now) if version else (None, ())
    if version is not None and record is not None:
        known = {line.invitee_id for line in ledgers.get(version.id, [])}
        had = queries.had_before(session, meeting.id, version.number)
        readers, without = _readers(meeting, record, had)
        suspects = perpetrators_employers(session, meeting)
        before = queries.withheld_before(session, meeting.id, version.number)
        secure = council(session).secure_domains
        waiting = tuple(
            ReaderToRelease(
                one,
                _warning(one, suspects),
                rules.may_attach(one.facts.email, secure),
                before.get(one.facts.id, ""),
            )
            for one in readers
            if one.facts.id not in known
        )
    return CirculatePage(
        ref=meeting.ref,
        version=version,
        to_release=waiting if _is_signed(meeting) and not recalled else (),
        without=without,
        ledgers=tuple(
            _ledger(meeting, one, versions, ledgers, recalls.get(one.id))
            for one in versions
            if one.id in ledgers
        ),
        deadline=_panel(meeting, queries.first_reached(meeting, versions, ledgers), now),
        correcting=_correcting(session, meeting),
        troubles=troubles,
        recalled=recalled,
    )


def _ledger(
    meeting: Meeting,
    version: VersionShown,
    versions: Sequence[VersionShown],
    ledgers: dict[int, list[LedgerLine]],
    recalled: RecallShown | None,
) -> Ledger:
    lines = ledgers[version.id]
    return Ledger(
        number=version.number,
        newest=version is versions[0],
        lines=tuple(lines),
        reached_at=queries.reached_at(meeting, version, versions, ledgers),
        checks=tuple(dict.fromkeys((line.checked_by, line.released_at) for line in lines)),
        recalled=recalled,
        had_opened=tuple(f"{line.name}, {line.agency_name}" for line in lines if line.opened_at),
    )


def record_panel(session: Session, meeting: Meeting, now: datetime) -> DeadlinePanel | None:
    """The record's clock, which warns four hours before; None before the meeting ended (F5).

    It is met by the first version that is with everyone: a correction does not make a record late
    that was in time.
    """
    return _panel(meeting, queries.first_circulated(session, meeting), now)


def _panel(meeting: Meeting, reached: datetime | None, now: datetime) -> DeadlinePanel | None:
    due = restore(meeting.clocks).clocks.get(Clock.RECORD_CIRCULATED)
    return deadline_panel(due, now, reached) if isinstance(due, Due) else None


def draft_for(
    session: Session, meeting: Meeting, invitee_id: int | None, now: datetime
) -> ReaderRecord | None:
    """The draft as this invitee's copy would show it; the council's without one. None for an
    invitee who gets no copy."""
    record = service.draft_of(session, meeting, now)
    former = service.former_of(session, meeting, record.version)
    if invitee_id is None:
        return _as_read(record, rules.council_reader(record.authority), former)
    had = queries.had_before(session, meeting.id, record.version)
    getting, _ = rules.recipients(queries.invitees_of(meeting), had)
    reader = next((one for one in getting if one.id == invitee_id), None)
    return _as_read(record, rules.reader_for(reader), former) if reader else None


def _readable(
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
        _signed(session, meeting)
        if _is_signed(meeting)
        else service.draft_of(session, meeting, now)
    )


def _signed(session: Session, meeting: Meeting) -> Record[Protected]:
    newest = queries.newest_version(session, meeting.id)
    if newest is None:
        raise LookupError("a signed discussion without a version")
    return service.content_of(session, newest).record


def _is_signed(meeting: Meeting) -> bool:
    return meeting.state is MeetingState.SIGNED


def _as_read(
    record: Record[Protected], reader: Reader, former: RecordContent | None = None
) -> ReaderRecord:
    return for_reader(RecordContent(record, _DRAFT_BLINDING), reader, former)


def _readers(
    meeting: Meeting, record: Record[Protected], had: Collection[int]
) -> tuple[tuple[Recipient, ...], tuple[NoCopy, ...]]:
    people = queries.invitees_of(meeting)
    names = {one.id: one.name for one in people}
    getting, without = rules.recipients(people, had)
    return tuple(_recipient(one, record, names) for one in getting), without


def _recipient(one: InviteeFacts, record: Record[Protected], names: dict[int, str]) -> Recipient:
    view = _as_read(record, rules.reader_for(one)).view
    return rules.as_recipient(one, view, names.get(one.deputy_for or 0, ""))


def _warning(one: Recipient, suspects: Employers) -> str:
    theirs = judge(suspects, one.facts.agency_id, one.facts.agency_name)
    if theirs.names:
        works = "works" if theirs.sure else "may work"
        return f"An alleged perpetrator {works} for this agency: consider withholding the copy"
    if not one.facts.has_address:
        return "No email address: withhold the copy and say how they get it"
    return ""


def _summary(session: Session, record: Record[Protected]) -> Summary:
    view = _as_read(record, rules.council_reader(council(session).authority)).view
    return Summary(
        headlines=wording.headlines(view),
        actions=tuple(
            ActionShown(
                wording.passage_on_paper(action.what).text,
                action.who,
                action.agency,
                wording.due(action.due),
            )
            for action in view.actions
        ),
        children=tuple(child.name for child in view.children),
    )


def _correcting(session: Session, meeting: Meeting) -> Correcting | None:
    held = queries.open_correction(session, meeting.id)
    if held is None:
        return None
    opened_by = session.get_one(Staff, held.opened_by_id).name
    return Correcting(held.number, held.reason, opened_by, held.opened_at)
