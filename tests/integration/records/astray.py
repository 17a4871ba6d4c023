"""A copy of a signed record that went to an address that is not its reader's."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask

from app.core.session import reading, transaction
from app.meetings.booking.types import Again
from app.meetings.models import Delivery, Invitee, Meeting
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import ledger, queries, worker
from app.records.address.service import Corrected, correct_address
from app.records.types import LedgerLine
from app.referrals.sender import Sender
from tests.factories.guests import make_guest_session, make_link
from tests.factories.records import make_releaser
from tests.integration.records.circulating import (
    LATER,
    deliver,
    released,
    settings_of,
)

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
RIGHT = "right@agency.example"
NEXT = LATER + timedelta(days=1)
HOUR = timedelta(hours=1)


class Sent:
    """A record that left for two readers; the second is behind an address that is not theirs."""

    def __init__(self, app: Flask, state: MessageState = MessageState.SENT) -> None:
        self.settings = settings_of(app)
        held = released(app, invitees=2)
        self.id, self.number = held.id, held.invitees[1].id
        worker.make_copies(self.settings, LATER)
        with transaction() as session:
            person = session.get_one(Invitee, self.number)
            self.wrong = person.email or ""
            deliver(session)
            if state is not MessageState.SENT:
                letter = self.letter()
                letter.state, letter.problem = state, "No such mailbox."
            self.token, self.visit = make_link(session, person), make_guest_session(session, person)

    def letter(self) -> OutboxMessage:
        ours = Delivery.invitee_id == self.number
        numbers = reading().query(Delivery.message_id).filter(ours).order_by(Delivery.id.desc())
        return reading().get_one(OutboxMessage, numbers.limit(1).scalar())

    def mend(self, email: str = RIGHT, at: datetime = NEXT, *, theirs: bool = False) -> Corrected:
        with transaction() as session:
            meeting = session.get_one(Meeting, self.id)
            person = session.get_one(Invitee, self.number)
            staff = make_releaser(session)
            order = Again(email, theirs=theirs)
            return correct_address(session, staff, meeting, person, order, SENDER, at)

    @property
    def meeting(self) -> Meeting:
        return reading().get_one(Meeting, self.id)

    @property
    def stranger(self) -> Invitee:
        return next(one for one in self.meeting.invitees if one.wrong_address)

    def lines(self) -> dict[str, LedgerLine]:
        """The two of whoever the copy is about, by whether it is theirs."""
        version = queries.newest_version(reading(), self.id)
        assert version is not None
        return {
            "wrong" if line.wrong_address else "right": line
            for line in ledger.ledger_of(reading(), version.id)
            if line.wrong_address or line.invitee_id == self.number
        }

    def queued(self) -> list[tuple[str, str]]:
        rows = reading().query(OutboxMessage).filter_by(state=MessageState.QUEUED)
        return [(row.recipient, row.kind) for row in rows]
