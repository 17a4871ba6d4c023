"""A mailbox server that says no to one mail: nothing is passed over for good (D6)."""

from __future__ import annotations

import imaplib
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.core.clock import now
from app.invitations.replies import mailbox
from app.meetings.received import worker
from app.meetings.received.models import MailboxPosition
from app.meetings.received.types import Outcome, Why
from tests.factories.replies import outlook, plain
from tests.imap import ImapServer
from tests.integration.meetings.received.test_mailbox import rows
from tests.integration.meetings.received.test_taking_in import Desk


@pytest.fixture
def box(app, change):
    """A mailbox of its own, somebody invited, and settings that read it."""
    with ImapServer() as server:
        yield server, Desk(change), replace(app.extensions["settings"], imap_url=server.url)


def refuses(monkeypatch, number, part):
    """The server says NO to this part of a mail, as one does whose store is broken."""
    asked = imaplib.IMAP4.uid

    def uid(self, command, *args):
        if command == "FETCH" and args[0] == str(number) and part in args[1]:
            return "NO", [b"[SERVERBUG] cannot read that mail"]
        return asked(self, command, *args)

    monkeypatch.setattr(imaplib.IMAP4, "uid", uid)


def numbers(server):
    client = server.client()
    client.select("INBOX", readonly=True)
    _kind, found = client.uid("SEARCH", "ALL")
    client.logout()
    return [int(one) for one in found[0].split()]


@pytest.mark.parametrize("part", ["SIZE", "BODY"])
def test_the_last_mail_is_asked_for_again_until_it_comes(app, box, part, monkeypatch, capfd):
    server, desk, settings = box
    server.bring(outlook(desk.said.but(stamp=now())))
    with monkeypatch.context() as broken, app.app_context():
        refuses(broken, numbers(server)[-1], part)
        assert worker.read_mailbox(settings, now()) == 0
    assert "mailbox waits" in "".join(capfd.readouterr())
    assert [row for row in rows(desk) if row.invitee_id] == []
    with app.app_context():
        assert worker.read_mailbox(settings, now()) == 1
    assert [row.outcome for row in rows(desk)][-1] is Outcome.NOTED


def test_one_mail_that_stays_withheld_goes_to_a_person_and_the_others_are_read(
    app, box, monkeypatch
):
    server, desk, settings = box
    server.bring(plain(desk.said, words="The first"))
    server.bring(plain(desk.said, words="The second"))
    first, second = numbers(server)[-2:]
    refuses(monkeypatch, first, "BODY")
    with app.app_context():
        worker.read_mailbox(settings, now())
        assert worker.read_mailbox(settings, now()) == 0
    withheld, read = rows(desk)[-2:]
    assert (withheld.outcome, withheld.why) == (Outcome.LOOK, Why.UNREADABLE)
    assert withheld.words == worker.WITHHELD
    assert f"Mail {first} of the mailbox" in withheld.original.decode()
    assert "The second" in read.words
    with desk.change() as session:
        assert session.execute(select(MailboxPosition.last_uid)).scalar_one() == second


def test_a_mail_deleted_meanwhile_is_passed_over(app, box, monkeypatch):
    server, desk, settings = box
    server.bring(plain(desk.said, words="Gone"))
    monkeypatch.setattr(mailbox.Mailbox, "_numbers", lambda *_: [*numbers(server), 99_999])
    with app.app_context():
        worker.read_mailbox(settings, now())
    assert not [row for row in rows(desk) if row.words == worker.WITHHELD]
