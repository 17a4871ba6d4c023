"""What became of the signed records of the example week: sent, read, corrected, late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.cli.example.area import Area, guest
from app.cli.example.discussions import sent_then
from app.core.config import Settings
from app.core.session import transaction
from app.directory.queries import council
from app.meetings.discussion import service as discussion
from app.meetings.discussion.models import Entry
from app.meetings.discussion.types import Conflict
from app.meetings.models import Invitee, Meeting
from app.records import circulation, ledger, queries, releasing, rules, service
from app.records.filing import service as filing
from app.records.sealing import sealer_of
from app.records.worker import make_copies
from app.referrals.models import Child

# Of the signed records, in their order.
CORRECTED, WITHHELD, FORGOTTEN, ATTACHED = 0, 1, 2, 3
LATE_AFTER = timedelta(hours=26)


class Circulated:
    """Releases each record at its moment; after the week is committed, because copies are printed
    outside any transaction."""

    def __init__(self, area: Area, settings: Settings, now: datetime) -> None:
        self.area = area
        self.settings = settings
        self.now = now

    def play(self, signed: Sequence[tuple[int, int, datetime]]) -> None:
        """`signed`: discussion, version and the moment when it is released."""
        for place, (meeting_id, number, at) in enumerate(signed):
            if at > self.now or (place == FORGOTTEN and at < self.now - LATE_AFTER):
                continue  # the record of nobody's afternoon: signed, not sent, and late
            self._release(meeting_id, number, at, attach=place == ATTACHED)
            if place == WITHHELD:
                self._withhold(meeting_id, at)
            self._send(meeting_id, at + timedelta(minutes=1))
            self._read(meeting_id, at)
            if place == CORRECTED:
                self._correct(meeting_id, at + timedelta(hours=3))

    def _release(self, meeting_id: int, number: int, at: datetime, *, attach: bool = False) -> None:
        staff = self.area.one(Role.ADMINISTRATOR)
        with transaction() as session:
            meeting = session.get_one(Meeting, meeting_id)
            secure = council(session).secure_domains
            by_hand = {
                one.id: "No address: handed over in person"
                for one in meeting.invitees
                if not one.email
            }
            attached = {
                one.id
                for one in meeting.invitees
                if attach and rules.may_attach(one.email or "", secure)
            }
            releasing.release(session, staff, meeting, number, by_hand, True, at, attached)
            for row in meeting.children:
                child = session.get_one(Child, row.child_id)
                if child.case_reference:
                    filing.file(session, staff.actor, meeting, number, child, child.version, at)

    def _withhold(self, meeting_id: int, at: datetime) -> None:
        with transaction() as session:
            meeting = session.get_one(Meeting, meeting_id)
            version = queries.newest_version(session, meeting_id)
            lines = ledger.ledger_of(session, version.id) if version else []
            releasing.withhold(
                session,
                self.area.one(Role.CHAIR),
                meeting,
                lines[-2].circulation_id,
                "A friend of the family works in that office: read out on the telephone instead.",
                at,
            )

    def _send(self, meeting_id: int, at: datetime) -> None:
        make_copies(self.settings, at)
        with transaction() as session:
            sent_then(session, Invitee.meeting_id == meeting_id)
            circulation.note_circulated(session, meeting_id, at + timedelta(minutes=1))

    def _read(self, meeting_id: int, at: datetime) -> None:
        """Some have read it, some have said so."""
        with transaction() as session:
            version = queries.newest_version(session, meeting_id)
            for turn, line in enumerate(ledger.ledger_of(session, version.id) if version else []):
                opened = at + timedelta(minutes=25 + 40 * turn)
                if line.withheld_reason or turn % 4 == 3 or opened > self.now:
                    continue
                who = guest(line.agency_name)
                circulation.mark_opened(session, who, line.invitee_id, opened)
                if turn % 2 == 0:
                    read = opened + timedelta(minutes=6)
                    circulation.acknowledge(session, who, line.invitee_id, read)

    def _correct(self, meeting_id: int, at: datetime) -> None:
        if at > self.now:
            return
        with transaction() as session:
            meeting = session.get_one(Meeting, meeting_id)
            chair = next(one for one in self.area.staff[Role.CHAIR] if one.id == meeting.chair_id)
            service.correct(session, chair, meeting, "The day of the medical was wrong.", at)
            self._reword(session, meeting, at)
            seen = rules.seen_digest(service.draft_of(session, meeting, at))
            sealer = sealer_of(self.settings)
            version = service.sign(session, chair, meeting, seen, "", sealer, at)
            number = version.number
        self._release(meeting_id, number, at + timedelta(minutes=10))
        self._send(meeting_id, at + timedelta(minutes=11))

    def _reword(self, session: Session, meeting: Meeting, at: datetime) -> None:
        chair = self.area.actor(Role.CHAIR)
        for row in session.query(Entry).filter_by(meeting_id=meeting.id, field="medical_plan"):
            saved = discussion.save_field(
                session, chair, meeting, row.scope, row.field,
                "Community paediatrician, this afternoon, social worker to bring the child.",
                row.version, at,
            )  # fmt: skip
            assert not isinstance(saved, Conflict)
