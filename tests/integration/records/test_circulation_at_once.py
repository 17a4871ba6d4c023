"""Two people release one record at once, and somebody says that they read what is recalled (F5).
On PostgreSQL, where two transactions run at once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.records import circulation
from app.records.models import Circulation
from app.records.recall.models import RecordRecall
from app.records.recall.service import recall
from app.referrals.sender import Sender
from tests.at_once import at_once
from tests.factories.records import make_releaser, make_signed
from tests.integration.records.circulating import AFTER, GUEST, LATER, release, settings_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")


@pytest.fixture
def engine_name():
    return "postgresql"


def test_a_record_is_released_once_and_recalled_whatever_a_reader_presses(app, in_app):
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(app), AFTER, invitees=2, children=1)
        ref, reader = meeting.ref, meeting.invitees[1].id
    db.session.remove()

    def releasing(session):
        return release(session, meeting_for_change(session, ref))

    first, second = at_once(app, releasing, releasing)
    assert first == 2 and isinstance(second, Refused)
    assert reading().execute(select(func.count()).select_from(Circulation)).scalar_one() == 2
    db.session.remove()
    with transaction() as session:
        session.execute(update(Circulation).values(opened_at=LATER))
    db.session.remove()

    def recalling(session):
        meeting = meeting_for_change(session, ref)
        recall(session, make_releaser(session), meeting, 1, "The wrong family", SENDER, LATER)

    def acknowledging(session):
        circulation.acknowledge(session, GUEST, reader, LATER)

    first, second = at_once(app, recalling, acknowledging)
    assert first is None
    # Who says so before it is recalled has said so; who comes later is told.
    assert second is None or isinstance(second, Refused)
    assert reading().execute(select(func.count()).select_from(RecordRecall)).scalar_one() == 1
    with app.app_context(), pytest.raises(Refused), transaction() as session:
        circulation.acknowledge(session, GUEST, reader, LATER)
    meeting = reading().execute(select(Meeting)).scalar_one()
    assert meeting.circulated_at is None
