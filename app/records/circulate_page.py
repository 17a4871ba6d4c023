"""The page on which a record is circulated: whom it goes to, and what became of each copy (F5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.meetings.models import Meeting
from app.meetings.open_case.queries import perpetrators_employers
from app.protocols.panel import DeadlinePanel
from app.records import ledger, queries, rules
from app.records.open_homes import open_homes
from app.records.queries import VersionShown
from app.records.recall.queries import RecallShown, may_have_letter, recalls_of
from app.records.recall.rules import not_by_email
from app.records.standing import Correcting, correcting, is_signed, panel, readable, readers_of
from app.records.types import LedgerLine, NoCopy, Recipient, Step
from app.referrals.employers import Employers, judge


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
    not_by_email: tuple[LedgerLine, ...]  # of one that was recalled: whom no letter tells so

    @property
    def nobody(self) -> bool:
        """Whether every copy is withheld."""
        return all(line.step is Step.WITHHELD for line in self.lines if not line.wrong_address)

    @property
    def withheld(self) -> int:
        """How many copies nobody gets."""
        return sum(line.step is Step.WITHHELD and not line.wrong_address for line in self.lines)

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
    open_homes: tuple[str, ...]  # where a child's address stands for every reader
    ledgers: tuple[Ledger, ...]  # newest version first
    deadline: DeadlinePanel | None
    correcting: Correcting | None
    troubles: tuple[str, ...]
    recalled: RecallShown | None  # the newest version was taken back

    @property
    def heading(self) -> str:
        taken_back = self.recalled is not None and self.correcting is None
        return "Circulation of the recalled record" if taken_back else "Circulate the record"

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


def circulate_page(session: Session, meeting: Meeting, now: datetime) -> CirculatePage:
    """Whom the newest version goes to, and what became of each copy (F5)."""
    versions = queries.versions_of(session, meeting.id)
    ledgers = ledger.ledgers_of(session, meeting.id)
    version = next(iter(versions), None)
    recalls = recalls_of(session, meeting.id)
    recalled = recalls.get(version.id) if version else None
    reached = may_have_letter(session, meeting.id) if recalls else set()
    # Whoever opened another version was told by a letter too.
    reached |= {line.invitee_id for of in ledgers.values() for line in of if line.opened_at}
    waiting: tuple[ReaderToRelease, ...] = ()
    without: tuple[NoCopy, ...] = ()
    homes: tuple[str, ...] = ()
    record, troubles = readable(session, meeting, now) if version else (None, ())
    if version is not None and record is not None:
        known = {line.invitee_id for line in ledgers.get(version.id, [])}
        had = ledger.had_before(session, meeting.id, version.number)
        readers, without = readers_of(meeting, record, had)
        homes = open_homes(record, readers)
        suspects = perpetrators_employers(session, meeting)
        before = ledger.withheld_before(session, meeting.id, version.number)
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
        to_release=waiting if is_signed(meeting) and not recalled else (),
        without=without,
        open_homes=homes,
        ledgers=tuple(
            _ledger(meeting, one, versions, ledgers, recalls.get(one.id), reached)
            for one in versions
            if one.id in ledgers
        ),
        deadline=panel(
            meeting,
            ledger.first_reached(meeting, versions, ledgers),
            recalled is not None,
            now,
        ),
        correcting=correcting(session, meeting),
        troubles=troubles,
        recalled=recalled,
    )


def _ledger(
    meeting: Meeting,
    version: VersionShown,
    versions: Sequence[VersionShown],
    ledgers: dict[int, list[LedgerLine]],
    recalled: RecallShown | None,
    reached: Collection[int],
) -> Ledger:
    lines = ledgers[version.id]
    return Ledger(
        number=version.number,
        newest=version is versions[0],
        lines=tuple(lines),
        reached_at=ledger.reached_at(meeting, version, versions, ledgers),
        checks=tuple(dict.fromkeys((line.checked_by, line.released_at) for line in lines)),
        recalled=recalled,
        had_opened=tuple(line.reader for line in lines if line.opened_at),
        not_by_email=not_by_email(lines, reached) if recalled else (),
    )


def _warning(one: Recipient, suspects: Employers) -> str:
    theirs = judge(suspects, one.facts.agency_id, one.facts.agency_name)
    if theirs.names:
        works = "works" if theirs.sure else "may work"
        return f"An alleged perpetrator {works} for this agency: consider withholding the copy"
    if not one.facts.has_address:
        return "No email address: withhold the copy and say how they get it"
    return ""
