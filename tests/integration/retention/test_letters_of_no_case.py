"""Letters that no case keeps go after three months; those of a case with it (H8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.cli.retention import retention
from app.core.clock import now
from app.core.session import reading
from app.meetings.models import Delivery
from app.meetings.types import MeetingState, MessageKind
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.factories.mail import make_message
from tests.factories.meetings import make_council, make_invitee, make_meeting

OLD = timedelta(days=91)


@pytest.mark.parametrize(
    ("state", "seen", "age", "goes"),
    [
        (MessageState.SENT, False, OLD, True),
        (MessageState.WITHDRAWN, False, OLD, True),
        (MessageState.BOUNCED, True, OLD, True),
        (MessageState.BOUNCED, False, OLD, False),  # somebody has to look
        (MessageState.QUEUED, False, OLD, False),
        (MessageState.SENT, False, timedelta(days=89), False),
    ],
)
def test_one_of_no_case(app, change, state, seen, age, goes) -> None:
    with change() as session:
        make_council(session)
        held = outbox.enqueue(session, make_message("somebody@school.example", "code"), now() - age)
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == held.id)
            .values(state=state, seen_at=now() if seen else None)
        )
    done = app.test_cli_runner().invoke(retention, ["delete", "--yes"])
    assert done.exit_code == 0, done.output
    assert f"{int(goes)} old letters of no case deleted" in done.output
    with app.app_context():
        assert (reading().execute(select(OutboxMessage.id)).first() is None) is goes


def test_one_of_a_case_stays_with_it(app, change) -> None:
    with change() as session:
        invitee = make_invitee(session, make_meeting(session, MeetingState.SIGNED))
        held = outbox.enqueue(session, make_message(), now() - OLD)
        session.execute(update(OutboxMessage).values(state=MessageState.SENT))
        session.add(
            Delivery(
                invitee_id=invitee.id, message_id=held.id, kind=MessageKind.INVITATION, at=now()
            )
        )
    done = app.test_cli_runner().invoke(retention, ["delete", "--yes"])
    assert "0 old letters of no case deleted" in done.output, done.output


def test_a_new_installation_has_nothing_to_delete_and_no_fault(app):
    """The timer goes each night, also before the council's settings are saved."""
    for arguments in (["rules"], ["delete", "--yes"]):
        done = app.test_cli_runner().invoke(retention, arguments)
        assert done.exit_code == 0, done.output
    assert done.output.startswith("0 deleted.")
