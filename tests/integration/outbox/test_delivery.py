"""The outbox against a real mail server, on both engines (H4)."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.core.config import UnsafeSettings
from app.core.mail import FinishedMessage, UnsafeHeader
from app.core.session import db, reading, transaction
from app.invitations.letters import letters
from app.invitations.types import LetterKind
from app.outbox import delivery, queries, rules, service, transport
from app.outbox.delivery import deliver_due
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.mail import DESK, MEETING, make_addressee, make_message
from tests.smtp import mail_server, saying


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def settings(app, server):
    return dataclasses.replace(app.extensions["settings"], smtp_url=server.url)


def queue(*messages: FinishedMessage, now=FRIDAY) -> list[int]:
    with transaction() as session:
        return service.enqueue_all(session, messages, now)


def row(message_id: int) -> OutboxMessage:
    reading().rollback()
    reading().expire_all()
    return reading().get_one(OutboxMessage, message_id)


def test_invitations_arrive_one_by_one_over_one_connection(in_app, settings, server):
    people = [make_addressee(f"Person {number}") for number in range(8)]
    made = letters(LetterKind.INVITATION, DESK, MEETING, people, FRIDAY)
    ids = queue(*made)
    assert deliver_due(settings, FRIDAY, 50) == 8
    assert server.connections == 1
    assert [got.recipients for got in server.received] == [[p.email] for p in people]
    assert {got.sender for got in server.received} == {settings.mail_from}
    assert [got.content for got in server.received] == [m.content for m in made]
    for message_id in ids:
        held = row(message_id)
        assert held.state is MessageState.SENT
        assert held.sent_at >= FRIDAY
        assert held.content is None
    assert deliver_due(settings, FRIDAY, 50) == 0
    assert len(server.received) == 8


def test_nothing_leaves_before_the_change_is_committed(in_app, settings, server):
    with pytest.raises(RuntimeError, match="fails"), transaction() as session:
        service.enqueue(session, make_message(), FRIDAY)
        raise RuntimeError("the booking fails")
    assert deliver_due(settings, FRIDAY, 50) == 0
    assert server.received == []


def test_a_refused_address_is_not_tried_again_and_stops_nobody_else(in_app, settings, server):
    server.refuse = lambda address: "550 no such user" if "gone" in address else None
    gone, there = queue(make_message("gone@police.example"), make_message("there@police.example"))
    assert deliver_due(settings, FRIDAY, 50) == 1
    held = row(gone)
    assert held.state is MessageState.REFUSED
    assert held.problem == "The mail server refused the address (550)."
    assert held.content is None
    assert row(there).state is MessageState.SENT
    assert [failure.id for failure in queries.failures(reading())] == [gone]
    assert deliver_due(settings, FRIDAY + timedelta(days=1), 50) == 0


def test_a_refused_content(in_app, settings, server):
    server.answer = lambda content: "554 spam, says relay for gone@police.example"
    (message_id,) = queue(make_message())
    deliver_due(settings, FRIDAY, 50)
    assert row(message_id).state is MessageState.REFUSED
    assert "@" not in row(message_id).problem


def test_a_full_mailbox_is_tried_again_later_with_the_same_bytes(in_app, settings, server):
    server.refuse = lambda address: "452 mailbox full"
    message = make_message()
    (message_id,) = queue(message)
    assert deliver_due(settings, FRIDAY, 50) == 0
    held = row(message_id)
    assert (held.state, held.tries) == (MessageState.QUEUED, 1)
    assert held.next_try_at > FRIDAY
    assert deliver_due(settings, FRIDAY + timedelta(seconds=5), 50) == 0
    server.refuse = lambda address: None
    assert deliver_due(settings, FRIDAY + timedelta(seconds=60), 50) == 1
    assert server.received[0].content == message.content


def test_no_server_at_all_everything_waits_and_says_why(in_app, settings):
    away = dataclasses.replace(settings, smtp_url="smtp://127.0.0.1:9")
    ids = queue(make_message(), make_message())
    assert deliver_due(away, FRIDAY, 50) == 0
    for message_id in ids:
        held = row(message_id)
        assert (held.state, held.tries) == (MessageState.QUEUED, 1)
        assert held.problem == "The mail server could not be reached."
    assert deliver_due(settings, FRIDAY + timedelta(minutes=1), 50) == 2


def test_a_slow_server_keeps_no_other_work_waiting(in_app, settings, server):
    server.hang = 0.2
    ids = queue(*(make_message(f"person-{number}@police.example") for number in range(8)))
    taken = deliver_due(settings, FRIDAY, 50, seconds=0.3)
    assert 0 < taken < 8
    # The rest is as it was: due, held by nobody, not counted as tried.
    rest = [row(one) for one in ids[taken:]]
    assert {(one.state, one.tries, one.claimed_until) for one in rest} == {
        (MessageState.QUEUED, 0, None)
    }
    assert {one.problem for one in rest} == {None}
    server.hang = 0
    assert deliver_due(settings, FRIDAY + timedelta(minutes=1), 50) == 8 - taken
    assert [one.recipients[0][7] for one in server.received] == list("01234567")


def test_after_48_hours_a_person_must_look(in_app, settings):
    away = dataclasses.replace(settings, smtp_url="smtp://127.0.0.1:9")
    (message_id,) = queue(make_message())
    deliver_due(away, FRIDAY + timedelta(hours=47, minutes=59, seconds=55), 50)
    held = row(message_id)
    assert held.state is MessageState.DEAD
    assert held.content is None
    assert [failure.id for failure in queries.failures(reading())] == [message_id]


def test_a_code_is_given_up_when_it_is_worth_nothing(in_app, settings, server):
    (message_id,) = queue(make_message(kind="code"))
    assert deliver_due(settings, FRIDAY + timedelta(minutes=10), 50) == 0
    assert row(message_id).state is MessageState.DEAD
    assert server.received == []


def test_a_hanging_server_does_not_hold_the_worker(in_app, settings, server, monkeypatch):
    monkeypatch.setattr(transport, "SECONDS", 0.3)
    server.hang = 2.0
    first, second = queue(make_message(), make_message())
    assert deliver_due(settings, FRIDAY, 50) == 0
    assert row(first).state is MessageState.QUEUED
    assert row(first).tries == 1
    # The one behind it was never tried.
    assert row(second).tries == 0
    assert row(second).problem is None


@pytest.mark.parametrize(
    "lines",
    (
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"220 ready\r\n", b"\xff\xfe\x00garbage\r\n"),
        (b"220 ready\r\n", b"250 hello\r\n", b"what?\r\n"),
        (b"220 ready\r\n", b"250 hello\r\n", b"250 ok\r\n", b"x" * 9000 + b"\r\n"),
        (b"",),
    ),
)
def test_a_server_that_talks_nonsense_loses_nothing(in_app, settings, lines):
    (message_id,) = queue(make_message())
    with saying(*lines) as url:
        nonsense = dataclasses.replace(settings, smtp_url=url)
        assert deliver_due(nonsense, FRIDAY, 50) == 0
    assert row(message_id).state is MessageState.QUEUED
    assert row(message_id).content is not None
    assert deliver_due(settings, FRIDAY + timedelta(minutes=5), 50) == 1


def test_a_line_that_breaks_after_the_server_took_it_sends_the_same_message_id(
    in_app, settings, server
):
    server.drop = True
    message = make_message()
    (message_id,) = queue(message)
    assert deliver_due(settings, FRIDAY, 50) == 0
    assert row(message_id).state is MessageState.QUEUED
    server.drop = False
    assert deliver_due(settings, FRIDAY + timedelta(minutes=1), 50) == 1
    assert [got.message["Message-ID"] for got in server.received] == [message.message_id] * 2
    assert server.received[0].content == server.received[1].content


class Killed(BaseException):
    """The process ends here."""


def test_killed_between_the_servers_yes_and_the_commit(in_app, settings, server, monkeypatch):
    message = make_message()
    (message_id,) = queue(message)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_record", killed)
        with pytest.raises(Killed):
            deliver_due(settings, FRIDAY, 50)
    assert row(message_id).state is MessageState.SENDING
    assert deliver_due(settings, FRIDAY + timedelta(minutes=1), 50) == 0
    assert deliver_due(settings, FRIDAY + rules.CLAIM, 50) == 1
    assert [got.message["Message-ID"] for got in server.received] == [message.message_id] * 2
    assert row(message_id).state is MessageState.SENT


def test_a_worker_that_was_slow_does_not_settle_what_another_has_taken(in_app, settings):
    (message_id,) = queue(make_message())
    with transaction() as session:
        (slow,) = service.claim(session, FRIDAY, 1)
    with transaction() as session:
        (fast,) = service.claim(session, FRIDAY + rules.CLAIM, 1)
    with transaction() as session:
        service.refused(session, slow, "late")
    assert row(message_id).state is MessageState.SENDING
    with transaction() as session:
        service.sent(session, [slow], FRIDAY + rules.CLAIM)
    assert row(message_id).state is MessageState.SENDING
    with transaction() as session:
        service.sent(session, [fast], FRIDAY + rules.CLAIM)
    assert row(message_id).state is MessageState.SENT


def test_what_is_left_of_a_slow_batch_is_claimed_anew_and_only_what_is_still_ours(in_app, settings):
    ours, theirs = queue(make_message("ours@police.example"), make_message("b@police.example"))
    with transaction() as session:
        claimed = service.claim(session, FRIDAY, 2)
    late = FRIDAY + rules.CLAIM + timedelta(seconds=1)
    with transaction() as session:
        service.put_back(session, claimed[1], FRIDAY, timedelta(0), None)
        (other,) = service.claim(session, FRIDAY + timedelta(seconds=1), 1)
    assert rules.must_renew(claimed[0].until, late)
    assert delivery._send_batch(transport.transport_for(settings), claimed, late, 20) == 1
    assert row(ours).state is MessageState.SENT
    assert row(theirs).state is MessageState.SENDING
    assert row(theirs).claimed_until == other.until


def test_four_workers_never_send_one_message_twice(app, settings, server):
    with app.app_context():
        queue(*[make_message(f"p{number}@police.example") for number in range(60)])
        db.session.remove()
    start = threading.Barrier(4)
    taken: list[int] = []

    def work() -> None:
        with app.app_context():
            start.wait(10)
            for _ in range(20):
                taken.append(deliver_due(settings, FRIDAY, 4))
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(server.received) == sum(taken) == 60
    assert len({got.recipients[0] for got in server.received}) == 60


def test_a_row_another_worker_holds_is_skipped_not_waited_for(app, engine_name):
    if engine_name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing can be skipped")
    with app.app_context():
        first, second = queue(make_message(), make_message())
        held = db.engine.connect()
        with held, held.begin():
            held.execute(text(f"SELECT id FROM outbox_message WHERE id = {first} FOR UPDATE"))
            with transaction() as session:
                # A claim that waits fails here, instead of holding the test for ever.
                session.execute(text("SET LOCAL lock_timeout = '3s'"))
                claimed = service.claim(session, FRIDAY, 10)
            assert [one.id for one in claimed] == [second]


def test_withdrawn_before_it_left(in_app, settings, server):
    early, late = queue(make_message(), make_message())
    with transaction() as session:
        assert service.withdraw(session, [early]) == 1
    assert deliver_due(settings, FRIDAY, 50) == 1
    with transaction() as session:
        assert service.withdraw(session, [early, late]) == 0
    assert row(early).state is MessageState.WITHDRAWN
    assert row(early).content is None


def test_what_is_overtaken_while_it_is_sent_is_not_tried_again(in_app, settings, server):
    server.refuse = lambda address: {
        "full@police.example": "452 mailbox full",
        "gone@police.example": "550 no such user",
    }.get(address)
    full, gone, there = queue(
        *(make_message(f"{name}@police.example") for name in ("full", "gone", "there"))
    )
    with transaction() as session:
        claimed = service.claim(session, FRIDAY, 50)
    with transaction() as session:
        # None is taken back yet: a worker holds all three.
        assert service.withdraw(session, [full, gone, there]) == 0
    assert {row(one).state for one in (full, gone, there)} == {MessageState.SENDING}
    delivery._send_batch(transport.transport_for(settings), claimed, FRIDAY, 20)
    assert row(there).state is MessageState.SENT
    for message_id in (full, gone):
        held = row(message_id)
        assert (held.state, held.content) == (MessageState.WITHDRAWN, None)
    assert queries.failures(reading()) == []
    assert deliver_due(settings, FRIDAY + timedelta(hours=1), 50) == 0


def test_what_a_dead_worker_held_is_not_sent_again_once_overtaken(in_app, settings, server):
    (message_id,) = queue(make_message())
    with transaction() as session:
        service.claim(session, FRIDAY, 50)
    with transaction() as session:
        service.withdraw(session, [message_id])
    assert deliver_due(settings, FRIDAY + 2 * rules.CLAIM, 50) == 0
    assert row(message_id).state is MessageState.WITHDRAWN
    assert server.received == []


def test_an_invitation_is_tried_until_the_meeting_begins_and_then_given_up(
    in_app, settings, server
):
    server.refuse = lambda address: "452 mailbox full"
    begins = FRIDAY + timedelta(hours=3)
    with transaction() as session:
        (message_id,) = service.enqueue_all(session, [make_message()], FRIDAY, begins)
    moment = FRIDAY
    for _ in range(60):
        deliver_due(settings, moment, 50)
        held = row(message_id)
        if held.state is MessageState.DEAD:
            break
        assert held.next_try_at < begins
        moment = held.next_try_at
    assert held.state is MessageState.DEAD
    assert begins - moment <= timedelta(minutes=1)  # tried to the last
    assert "(452)" in held.problem
    assert [failure.id for failure in queries.failures(reading())] == [message_id]


def test_without_a_server_mail_goes_to_the_folder_and_a_repeat_writes_over_it(in_app):
    settings = in_app.extensions["settings"]
    message = make_message()
    queue(message)
    assert deliver_due(settings, FRIDAY, 50) == 1
    folder = settings.data_dir / "mail"
    (written,) = folder.iterdir()
    assert written.read_bytes() == message.content
    assert written.stat().st_mode & 0o777 == 0o600
    with transaction() as session:
        session.execute(OutboxMessage.__table__.update().values(state="sending", content=None))
        session.execute(select(OutboxMessage)).scalar_one().content = message.content
    assert deliver_due(settings, FRIDAY + rules.CLAIM, 50) == 1
    assert list(folder.iterdir()) == [written]


def test_a_folder_that_cannot_be_written_loses_nothing(in_app):
    settings = in_app.extensions["settings"]
    (settings.data_dir / "mail").write_text("in the way")
    (message_id,) = queue(make_message())
    assert deliver_due(settings, FRIDAY, 50) == 0
    assert row(message_id).state is MessageState.QUEUED
    assert "disk full" in row(message_id).problem


@pytest.mark.parametrize("url", ("smtp://relay.example.org:25", "smtps://192.0.2.1", "nonsense"))
def test_example_mail_never_goes_beyond_loopback(in_app, settings, url):
    (message_id,) = queue(make_message())
    with pytest.raises(UnsafeSettings, match="SMTP_URL"):
        deliver_due(dataclasses.replace(settings, smtp_url=url), FRIDAY, 50)
    assert row(message_id).state is MessageState.QUEUED


@pytest.mark.parametrize(
    "recipient",
    (
        "a@b.example>\r\nRCPT TO:<c@d.example",
        "a@b.example,c@d.example",
        "a b@c.example",
        "a@b@c",
        "",
    ),
)
def test_a_recipient_is_one_address(in_app, recipient):
    hostile = dataclasses.replace(make_message(), recipient=recipient)
    with pytest.raises(UnsafeHeader), transaction() as session:
        service.enqueue(session, hostile, FRIDAY)


def test_the_queue_is_found_by_its_index(in_app, engine_name):
    asked = queries.TO_CLAIM.params(now=FRIDAY, most=50)
    statement = asked.compile(db.engine, compile_kwargs={"literal_binds": True})
    with db.engine.connect() as connection:
        if engine_name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if engine_name == "sqlite" else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{explain} {statement}")
        assert "ix_outbox_message_due" in str(plan.all())
