"""A day with a mail server that refuses, talks nonsense, hangs and breaks off after the last byte:
in the end every letter has arrived, as it was written (H4)."""

from __future__ import annotations

import itertools
import socket
from collections import defaultdict
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.session import reading, transaction
from app.outbox import service, transport
from app.outbox.delivery import deliver_due
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.conftest import settings_for
from tests.factories.mail import make_message
from tests.smtp import MailServer, mail_server, saying

STEP = timedelta(minutes=40)
STEPS = 36  # a day


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker waits twenty seconds for an answer; here a moment is as good."""
    monkeypatch.setattr(transport, "SECONDS", 0.1)
    monkeypatch.setattr(transport, "GREETING", 0.1)


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"smtp://127.0.0.1:{probe.getsockname()[1]}"


def misbehave(server: MailServer, how: str) -> None:
    server.refuse = lambda address: "451 try later" if how == "refuses" else None
    server.answer = lambda content: "452 no room" if how == "no room" else None
    server.hang = 0.3 if how == "hangs" else 0.0
    server.drop = how == "drops"


def test_after_a_day_of_every_fault_all_is_sent(app: Flask, impatient: None) -> None:
    given = app.extensions["settings"]
    faults = itertools.cycle(["closed", "refuses", "nonsense", "hangs", "no room", "drops"])
    with app.app_context(), mail_server() as server, saying(b"HELLO WHO IS THERE\r\n") as nonsense:
        for step in range(STEPS):
            moment, how = FRIDAY + step * STEP, next(faults)
            if step % 6 == 0:
                with transaction() as session:
                    service.enqueue_all(session, [make_message(), make_message()], moment)
            misbehave(server, how)
            url = {"closed": closed_port(), "nonsense": nonsense}.get(how, server.url)
            deliver_due(settings_for(given.data_dir, given.database_url, smtp_url=url), moment)
        misbehave(server, "well")
        mended = settings_for(given.data_dir, given.database_url, smtp_url=server.url)
        for minutes in range(0, 120, 5):
            deliver_due(mended, FRIDAY + STEPS * STEP + timedelta(minutes=minutes))
        rows = reading().execute(select(OutboxMessage)).scalars().all()
        assert len(rows) == 12
        assert {row.state for row in rows} == {MessageState.SENT}
        arrived = defaultdict(set)
        for received in server.received:
            arrived[received.message["Message-ID"]].add(received.content)
        assert arrived.keys() == {row.message_id for row in rows}
        # What came twice, because nobody heard that it was taken, is the same to the byte.
        assert {len(contents) for contents in arrived.values()} == {1}
        assert len(server.received) > len(rows)
