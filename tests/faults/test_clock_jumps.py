"""The clock jumps by two hours and back: nothing is lost, nothing leaves twice, the chain holds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.queries import verify_chain
from app.audit.service import chain_views, record, viewed
from app.audit.types import SYSTEM, Subject
from app.core.session import reading, transaction
from app.outbox import service
from app.outbox.delivery import deliver_due
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.conftest import settings_for
from tests.factories.mail import make_message
from tests.smtp import mail_server

TWO_HOURS = timedelta(hours=2)


@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS], ids=["ahead", "back"])
def test_a_jump_and_its_mending(app: Flask, jump: timedelta) -> None:
    """Written and delivered by the wrong clock, then by the right one again."""

    def write(moment: datetime) -> None:
        with transaction() as session:
            service.enqueue_all(session, [make_message(), make_message()], moment)
            viewed(session, SYSTEM, "page", Subject("test", "1"), moment)
            record(session, SYSTEM, "something done", Subject("test", "1"), moment)

    with app.app_context(), mail_server() as server:
        settings = settings_for(
            app.extensions["settings"].data_dir,
            app.extensions["settings"].database_url,
            smtp_url=server.url,
        )
        write(FRIDAY)
        write(FRIDAY + jump)
        # A worker that dies holds two of them by the wrong clock.
        with transaction() as session:
            held = service.claim(session, FRIDAY + jump, 2)
        write(FRIDAY + timedelta(minutes=1))
        for minutes in range(1, 130, 2):  # the right clock goes on, until after the jump
            moment = FRIDAY + timedelta(minutes=minutes)
            deliver_due(settings, moment)
            with transaction() as session:
                chain_views(session, moment)
        assert len(held) == 2
        rows = reading().execute(select(OutboxMessage)).scalars().all()
        assert [row.state for row in rows] == [MessageState.SENT] * 6
        sent = sorted(received.message["Message-ID"] for received in server.received)
        assert sent == sorted(row.message_id for row in rows)  # each of them, once
        assert list(verify_chain(reading())) == []
