"""Deliveries, and the example area's mail."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import event

from app import create_app
from app.accounts.types import Role
from app.audit.queries import history
from app.core.session import db, reading, transaction
from app.invitations.letters import code_letter, letters
from app.invitations.types import LetterKind
from app.outbox import service
from app.outbox.delivery import deliver_due
from app.outbox.example import read
from app.outbox.models import OutboxMessage
from app.outbox.pages import what_words
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.mail import DESK, MEETING, make_addressee, make_message


def queue_in(change, state: MessageState = MessageState.QUEUED, recipient="amina@police.example"):
    with change() as session:
        message = service.enqueue(session, make_message(recipient), FRIDAY)
        message.state = state
        if state is MessageState.REFUSED:
            message.problem = "The mail server refused the address (550)."
        return message.id


def test_failures_come_first_with_what_to_do(signed_in, change):
    queue_in(change, MessageState.SENT, "fine@police.example")
    queue_in(change, MessageState.REFUSED, "gone@police.example")
    queue_in(change, MessageState.QUEUED, "waits@police.example")
    page = signed_in(Role.ADMINISTRATOR).get("/deliveries")
    assert page.status_code == 200
    words = page.get_data(as_text=True)
    assert words.index("Did not arrive") < words.index("gone@police.example")
    assert words.index("gone@police.example") < words.index("fine@police.example")
    assert "refused the address (550). Telephone the person" in words
    assert "Not sent yet" in words


def test_every_kind_of_letter_is_told_in_words():
    words = [what_words(kind.value) for kind in LetterKind]
    assert all("_" not in one and one[0].isupper() for one in words)
    assert what_words("form_received") == "Public form, received"


def test_no_content_and_no_pin_on_the_page(signed_in, change):
    made = letters(LetterKind.INVITATION, DESK, MEETING, [make_addressee()], FRIDAY)
    with change() as session:
        service.enqueue_all(session, made, FRIDAY)
    words = signed_in(Role.ADMINISTRATOR).get("/deliveries").get_data(as_text=True)
    assert "482913" not in words
    assert "/i/token" not in words


def test_mark_as_seen_is_written_down_and_takes_it_off_the_list(app, signed_in, change, token_of):
    number = queue_in(change, MessageState.REFUSED)
    browser = signed_in(Role.ADMINISTRATOR)
    sent = browser.post(f"/deliveries/{number}/seen", data=token_of(browser, "/deliveries"))
    assert sent.status_code == 303
    with app.app_context():
        assert reading().get_one(OutboxMessage, number).seen_at is not None
        (entry,) = history(reading(), "message", str(number))
        assert entry.action == "saw that a message failed"
    page = browser.get("/deliveries").get_data(as_text=True)
    assert "Marked as seen" in page
    assert 'id="failures"' not in page
    again = browser.post(f"/deliveries/{number}/seen", data=token_of(browser, "/deliveries"))
    assert again.status_code == 303
    assert "already marked this message as seen" in browser.get("/deliveries").get_data(
        as_text=True
    )


def test_a_message_that_did_not_fail_cannot_be_marked(app, signed_in, change, token_of):
    number = queue_in(change, MessageState.SENT)
    browser = signed_in(Role.ADMINISTRATOR)
    browser.post(f"/deliveries/{number}/seen", data=token_of(browser, "/deliveries"))
    with app.app_context():
        assert reading().get_one(OutboxMessage, number).seen_at is None


def test_older_messages_page_by_page_in_three_statements(app, signed_in, change):
    with change() as session:
        service.enqueue_all(
            session, [make_message(f"p{number:02d}@police.example") for number in range(60)], FRIDAY
        )
        for row in session.query(OutboxMessage):
            row.state = MessageState.SENT
    browser = signed_in(Role.ADMINISTRATOR)
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def count(_connection, _cursor, statement, *_):
        if "outbox_message" in statement:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    first = browser.get("/deliveries").get_data(as_text=True)
    event.remove(engine, "before_cursor_execute", count)
    assert len(statements) == 3
    assert "p59@" in first
    assert "p35@" in first
    assert "p34@" not in first
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = browser.get(link).get_data(as_text=True)
    assert "p34@" in second
    assert "p35@" not in second


@pytest.mark.parametrize("role", (Role.ANALYST, Role.TRIAGE, Role.SYSTEM))
def test_others_may_not_see_deliveries(signed_in, role):
    assert signed_in(role).get("/deliveries").status_code == 403


def test_example_mail_shows_what_a_person_needs_to_try_it(app, client):
    with app.app_context():
        person = make_addressee("Amina <b>Okafor</b>")
        with transaction() as session:
            service.enqueue_all(
                session,
                [
                    *letters(LetterKind.INVITATION, DESK, MEETING, [person], FRIDAY),
                    code_letter(DESK, person.name, person.email, "031337", FRIDAY),
                ],
                FRIDAY,
            )
        assert deliver_due(app.extensions["settings"], FRIDAY, 10) == 2
    listed = client.get("/example/mail").get_data(as_text=True)
    assert listed.count(person.email) >= 2
    names = [part.split('"')[0] for part in listed.split('href="/example/mail/')[1:]]
    pages = [client.get(f"/example/mail/{name}").get_data(as_text=True) for name in names]
    assert any("031337" in page for page in pages)
    invitation = next(page for page in pages if "Calendar entry" in page)
    assert f'href="{person.link}"' in invitation
    assert "Monday 23 November 2026 at 9:45 am" in invitation
    assert "<b>" not in invitation
    fragment = client.get("/example/mail", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in fragment
    assert person.email in fragment


def test_only_links_to_this_installation_can_be_followed(app, client):
    folder = app.extensions["settings"].data_dir / "mail"
    folder.mkdir()
    (folder / "x.eml").write_bytes(
        b"Subject: x\r\n\r\nhttp://evil.example/i/t http://desk.example.org.evil.example/ "
        b"http://desk.example.org/i/t\r\n"
    )
    page = client.get("/example/mail/x.eml").get_data(as_text=True)
    assert 'href="http://desk.example.org/i/t"' in page
    assert 'href="http://evil' not in page
    assert 'href="http://desk.example.org.evil' not in page


@pytest.mark.parametrize(
    "name",
    (
        "../strategy.sqlite3",
        "..%2fexample.json",
        "%2e%2e/x.eml",
        ".eml",
        "nothing.eml",
        "x.eml/..",
        "x",
    ),
)
def test_no_other_file_can_be_read(app, client, name):
    (app.extensions["settings"].data_dir / "mail").mkdir()
    (app.extensions["settings"].data_dir / "x.eml").write_text("Subject: not this one\n\n")
    assert client.get(f"/example/mail/{name}").status_code == 404


@pytest.mark.parametrize(
    "content",
    (
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?utf-8?q?x=0D=0ABcc:_y?=\r\nTo: =?x?=\r\n\r\n",
        b'Content-Type: text/calendar; charset="no-such"\r\n\r\nBEGIN:VCALENDAR\r\n',
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
        b"BEGIN:VEVENT\r\nDTSTART:nonsense\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b'Content-Type: text/plain; charset="no-such"\r\n\r\nw\xc3\xb6rds\r\n',
    ),
)
def test_a_broken_file_breaks_no_page(app, client, content):
    folder = app.extensions["settings"].data_dir / "mail"
    folder.mkdir()
    (folder / "broken.eml").write_bytes(content)
    assert client.get("/example/mail").status_code == 200
    assert client.get("/example/mail/broken.eml").status_code == 200


def test_outside_the_example_area_there_is_no_such_page(app):
    real = dataclasses.replace(app.extensions["settings"], example=False)
    production = create_app(real)
    browser = production.test_client()
    assert browser.get("/example/mail").status_code == 404
    assert browser.get("/example/mail/x.eml").status_code == 404
    with production.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("name", ("../x.eml", "/etc/passwd", "a/../../x.eml", "x.eml\n", "x.eml"))
def test_a_name_never_leads_out_of_the_folder(tmp_path, name):
    """Also where no router stands before it."""
    folder = tmp_path / "mail"
    (folder / "a").mkdir(parents=True)
    (tmp_path / "x.eml").write_text("Subject: not this one\n\n")
    assert read(folder, name, "http://desk.example.org") is None


def test_that_mail_is_held_after_a_restore_stands_on_top(signed_in, change):
    browser = signed_in(Role.ADMINISTRATOR)
    assert "No mail leaves" not in browser.get("/deliveries").get_data(as_text=True)
    with change() as session:
        service.hold(session, FRIDAY)
    assert "No mail leaves" in browser.get("/deliveries").get_data(as_text=True)
