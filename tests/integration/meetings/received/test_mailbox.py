"""The two ways in: `flask mail receive`, and a mailbox on a real IMAP server (D6)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.accounts.types import Role
from app.cli.mail import LARGEST
from app.core.clock import now
from app.core.session import reading
from app.invitations.replies import mailbox
from app.meetings.received import queries, service, worker
from app.meetings.received.models import MailboxPosition, ReceivedMail
from app.meetings.received.types import Outcome, Why
from app.meetings.types import Answer
from tests.conftest import FIELD_KEY
from tests.factories.replies import google, outlook, plain
from tests.imap import PASSWORD, ImapServer
from tests.integration.meetings.received.test_taking_in import Desk

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def imap():
    with ImapServer() as server:
        yield server


@pytest.fixture
def desk(change):
    found = Desk(change)
    found.said = found.said.but(stamp=now())
    return found


@pytest.fixture
def receive(app, monkeypatch):
    """`flask mail receive < bytes`."""

    def run(raw):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return app.test_cli_runner().invoke(args=["mail", "receive"], input=raw)

    return run


def rows(desk):
    with desk.change() as session:
        return list(session.execute(select(ReceivedMail).order_by(ReceivedMail.id)).scalars())


def test_a_mail_from_standard_input(desk, receive):
    raw = outlook(desk.said.but(message_id="<a@police.example>"))
    first, again = receive(raw), receive(raw)
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    [row] = rows(desk)
    assert first.output == f"Taken in as {row.ref}: answer noted.\n"
    assert again.output == f"Taken in before as {row.ref}: answer noted.\n"
    assert desk.answer is Answer.DIAL_IN


def test_what_no_mail_server_sends_is_told_to_the_sender(desk, receive):
    for raw in (b"", b"\r\n \r\n", b"x" * (LARGEST + 1)):
        assert receive(raw).exit_code == 65
    assert receive(b"\x00\xff not a mail at all").exit_code == 0
    assert [row.original for row in rows(desk)] == [b"\x00\xff not a mail at all"]


def test_a_fault_of_ours_loses_no_mail(app, desk, receive, monkeypatch):
    def fails(*_arguments):
        raise RuntimeError("a fault")

    monkeypatch.setattr(service.rules, "judge_answer", fails)
    raw = outlook(desk.said)
    assert receive(raw).exit_code == 0
    [row] = rows(desk)
    assert (row.why, row.original) == (Why.UNREADABLE, raw)


def test_mail_that_comes_while_the_database_is_away_is_tried_again(tmp_path):
    """As a mail server pipes it: Postfix sends back whatever ends with another code than 75."""
    away = {
        "EXAMPLE_AREA": "1", "DATA_DIR": str(tmp_path), "FIELD_KEYS": FIELD_KEY,
        "DATABASE_URL": f"postgresql+psycopg://desk@/desk?host={tmp_path}",
    }  # fmt: skip
    broken = away | {"PROTOCOLS_DIR": str(tmp_path)}
    (tmp_path / "broken.toml").write_text("not a protocol", encoding="utf-8")
    for environment in (away, broken):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "mail", "receive"],
            input=b"Subject: Accepted\r\n\r\nI come.\r\n", cwd=ROOT, env=os.environ | environment,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 75, done.stderr


def test_mail_waits_while_the_database_goes_away(desk, receive):
    with desk.change() as session:
        session.execute(text("ALTER TABLE received_mail RENAME TO elsewhere"))
    done = receive(outlook(desk.said))
    assert done.exit_code == 75
    assert "try again" in done.output


def test_a_mailbox_is_read_and_left_as_it_was(app, desk, imap):
    settings = replace(app.extensions["settings"], imap_url=imap.url)
    marked = imap.flags()
    imap.bring(outlook(desk.said))
    imap.bring(plain(desk.said, words="I shall be late"))
    with app.app_context():
        assert worker.read_mailbox(settings, now()) >= 2
        assert worker.read_mailbox(settings, now()) == 0
    assert desk.answer is Answer.DIAL_IN
    taken = [row.outcome for row in rows(desk) if row.invitee_id == desk.invitee_id]
    assert taken == [Outcome.NOTED]
    assert "I shall be late" in [row.words for row in rows(desk)]
    flags = imap.flags()
    assert len(flags) == len(marked) + 2
    assert not any(b"Seen" in one or b"Deleted" in one for one in flags)
    imap.bring(google(desk.said.but(partstat="DECLINED", stamp=now())))
    with app.app_context():
        assert worker.read_mailbox(settings, now()) == 1
    assert desk.answer is Answer.DECLINED


def test_a_mailbox_that_cannot_be_read_is_told_of_until_it_can(app, desk, imap, signed_in):
    from_then = now()
    settings = replace(app.extensions["settings"], imap_url=imap.url)
    away = replace(settings, imap_url=imap.url.replace(PASSWORD, "changed"))
    app.extensions["settings"] = settings
    with app.app_context():
        for minutes in (0, 6, 12):
            assert worker.read_mailbox(away, from_then - timedelta(minutes=12 - minutes)) == 0
        told = queries.not_read(reading(), from_then)
        assert told is not None
        assert (told.since, told.read_at) == (from_then - timedelta(minutes=12), None)
        # Taken out of the settings: no longer tried.
        assert queries.not_read(reading(), from_then + timedelta(hours=2)) is None
    for role in (Role.SYSTEM, Role.ADMINISTRATOR):
        assert "Answers by mail are not read" in signed_in(role).get("/").text
    with app.app_context():
        worker.read_mailbox(settings, now())
        assert queries.not_read(reading(), now()) is None
    assert "Answers by mail are not read" not in signed_in(Role.ADMINISTRATOR).get("/").text


def test_a_mailbox_that_was_numbered_anew_repeats_nothing(app, desk, imap):
    settings = replace(app.extensions["settings"], imap_url=imap.url)
    imap.bring(plain(desk.said))
    with app.app_context():
        worker.read_mailbox(settings, now())
    count = len(rows(desk))
    with desk.change() as session:
        session.execute(select(MailboxPosition)).scalar_one().uid_validity += 1
    with app.app_context():
        assert worker.read_mailbox(settings, now()) >= 1
    assert len(rows(desk)) == count


def test_a_mail_too_large_to_read_is_named_by_its_header(app, desk, imap, monkeypatch):
    monkeypatch.setattr(mailbox, "LARGEST", 500)
    settings = replace(app.extensions["settings"], imap_url=imap.url)
    imap.bring(plain(desk.said, subject="Large", words="x" * 2000))
    with app.app_context():
        worker.read_mailbox(settings, now())
    row = rows(desk)[-1]
    assert row.why is Why.UNREADABLE
    assert b"Subject: Large" in row.original and b"xxxx" not in row.original


@pytest.mark.parametrize("wrong", ["imap://demouser:no@127.0.0.1:{}/INBOX",
                                   "imap://demouser:demopass@127.0.0.1:{}/Elsewhere",
                                   "imap://a:b@127.0.0.1:1/INBOX"])  # fmt: skip
def test_a_mailbox_that_cannot_be_read_waits(app, desk, imap, wrong, capfd):
    settings = replace(app.extensions["settings"], imap_url=wrong.format(imap.port))
    with app.app_context():
        assert worker.read_mailbox(settings, now()) == 0
    said = "".join(capfd.readouterr())
    assert "mailbox waits" in said and "demopass" not in said
    with desk.change() as session:
        assert session.execute(select(func.count()).select_from(MailboxPosition)).scalar() == 0
