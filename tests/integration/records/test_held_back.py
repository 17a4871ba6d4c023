"""Letters that have not left when a correction is opened (F2, F5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import transaction
from app.meetings.models import Meeting
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import ledger, service, worker
from app.records.models import Circulation
from app.records.types import Step
from tests.factories.records import as_member
from tests.integration.records.circulating import LATER, newest, released, settings_of


def correct(meeting_id: int) -> None:
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.correct(session, chair, meeting, "An address stood open", LATER)


def steps(meeting_id: int) -> list[Step]:
    with transaction() as session:
        version = newest(session, session.get_one(Meeting, meeting_id))
        return [line.step for line in ledger.ledger_of(session, version.id)]


@pytest.fixture
def queued(in_app: Flask) -> Meeting:
    meeting = released(in_app)
    assert worker.make_copies(settings_of(in_app), LATER) == 2
    assert steps(meeting.id) == [Step.QUEUED, Step.QUEUED]
    return meeting


def test_a_queued_letter_stays_here_and_leaves_where_the_correction_is_given_up(
    in_app: Flask, queued: Meeting, signed_in
) -> None:
    correct(queued.id)
    assert steps(queued.id) == [Step.WAITING, Step.WAITING]
    with transaction() as session:
        rows = session.query(OutboxMessage).filter_by(kind="record").all()
        assert [(one.state, one.content) for one in rows] == [(MessageState.WITHDRAWN, None)] * 2
        assert outbox.claim(session, LATER + timedelta(hours=1), 50) == []
        noted = session.query(AuditEntry).filter_by(action="opened the record for correction").one()
        assert noted.details is not None
        assert noted.details["held_back"] == [one.id for one in queued.invitees]
    assert worker.make_copies(settings_of(in_app), LATER) == 0
    page = signed_in(Role.CHAIR).get(f"/discussions/{queued.ref}/record/circulate").text
    assert page.count("Held back") == 2
    assert "Copy being made" not in page and "Queued" not in page
    with transaction() as session:
        meeting = session.get_one(Meeting, queued.id)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.leave_uncorrected(session, chair, meeting, LATER)
    assert worker.make_copies(settings_of(in_app), LATER) == 2
    assert steps(queued.id) == [Step.QUEUED, Step.QUEUED]


def test_a_letter_that_a_worker_holds_may_leave_and_the_page_says_so(
    in_app: Flask, queued: Meeting, signed_in
) -> None:
    with transaction() as session:
        (claimed,) = outbox.claim(session, LATER + timedelta(minutes=5), 1)
        line = session.query(Circulation).filter_by(message_id=claimed.id).one()
        reader = line.invitee_id
    correct(queued.id)
    assert sorted(one.value for one in steps(queued.id)) == ["queued", "waiting"]
    with transaction() as session:
        assert session.get_one(OutboxMessage, claimed.id).overtaken
        noted = session.query(AuditEntry).filter_by(action="opened the record for correction").one()
        assert noted.details is not None and noted.details["leaving"] == [reader]
    page = signed_in(Role.CHAIR).get(f"/discussions/{queued.ref}/record/circulate").text
    assert page.count("may still arrive") == page.count("Held back") == 1
