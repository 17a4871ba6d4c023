"""Killing web server and worker in the middle of their work, again and again, and looking through
what came of it (H4): for a short test, and for hours by `bench/run faults`."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.outbox.delivery import deliver_due
from app.outbox.models import OutboxMessage
from app.outbox.rules import CLAIM
from app.outbox.types import MessageState
from tests.conftest import FIELD_KEY, settings_for
from tests.faults.desk import Council, Desk, make_council, make_discussion, sign_in
from tests.faults.processes import PATIENCE, Processes
from tests.faults.whole import by_message_id, half_bookings, lost_or_strange_mail
from tests.smtp import MailServer, mail_server

ADMINISTRATORS = 2
FOR_EACH_KILL = 4  # discussions that wait to be booked when a kill is aimed
# Which to kill in each round, over and over.
ROUNDS = (("worker", "web"), ("worker", "web"), ("worker", "web"), ("web",))
# More rounds than asked for, at most, until both were hit in the middle of something.
MORE_ROUNDS = 8
TELLS_EACH = 10  # rounds


@dataclass
class Ground:
    app: Flask
    mailbox: MailServer
    processes: Processes
    council: Council = field(init=False)
    claimed: list[int] = field(default_factory=list)  # letters held by the dead, after each kill
    kills: int = 0


@contextmanager
def ground_on(database_url: str, folder: Path) -> Iterator[Ground]:
    """Web, worker and a mail server, as processes and parts of their own, on this database."""
    with mail_server() as mailbox:
        # As slow as mail servers are: else no kill would meet a letter on its way.
        mailbox.hang = 0.02
        settings = settings_for(folder, database_url, smtp_url=mailbox.url)
        processes = Processes(
            {
                "EXAMPLE_AREA": "1",
                "DATA_DIR": str(folder),
                "DATABASE_URL": database_url,
                "SECRET_KEY": settings.secret_key,
                "FIELD_KEYS": FIELD_KEY,
                "SMTP_URL": mailbox.url,
            },
            folder / "processes.log",
        )
        app = create_app(settings)
        try:
            yield Ground(app, mailbox, processes)
        finally:
            processes.kill_all()
            with app.app_context():
                db.engine.dispose()


def kill_and_check(
    ground: Ground,
    rounds: int,
    for_each_kill: int = FOR_EACH_KILL,
    seconds: float = math.inf,
) -> str:
    """So many rounds of `ROUNDS`, or as many as begin within so many seconds, with so many
    discussions to book for each kill; then everything is looked through, row by row and letter by
    letter. Returns what happened, in words."""
    last = time.monotonic() + seconds
    most = (1 + 2 * (rounds + MORE_ROUNDS)) * for_each_kill
    with ground.app.app_context(), transaction() as session:
        ground.council = make_council(session, pins=most)
    desk = Desk([sign_in(ground.app, ground.processes.port) for _ in range(ADMINISTRATORS)])
    for name in ("web", "worker"):
        ground.processes.start(name)
    ground.processes.wait_for_web()
    desk.up.set()
    desk.start()
    _give_work(ground, desk, for_each_kill)
    _until(lambda: desk.acknowledged == for_each_kill)
    for number in range(rounds + MORE_ROUNDS):
        enough = number >= rounds or time.monotonic() > last
        if enough and desk.broken_off and any(ground.claimed):
            break
        _kill(ground, desk, ROUNDS[number % len(ROUNDS)], for_each_kill)
        if number % TELLS_EACH == TELLS_EACH - 1:
            print(f"  {number + 1} of {rounds} rounds, {desk.acknowledged:,} booked", flush=True)
    desk.stop()
    assert [ground.processes.stop(name) for name in ("web", "worker")] == [0, 0]
    _deliver_the_rest(ground)
    return _check(ground, desk)


def _kill(ground: Ground, desk: Desk, names: tuple[str, ...], work: int) -> None:
    if "worker" in names:
        arrived = len(ground.mailbox.received)
        several = random.randint(1, 12)
        _give_work(ground, desk, work)
        _until(lambda: len(ground.mailbox.received) >= arrived + several)
        time.sleep(random.uniform(0, 0.05))
        ground.processes.kill("worker")
        ground.kills += 1
        ground.claimed.append(_number_claimed(ground))
    if "web" in names:
        _give_work(ground, desk, work)
        desk.sending.clear()
        _until(desk.sending.is_set)
        # Any moment of a form being worked on, and a little after.
        time.sleep(random.uniform(0, 1.2 * desk.usual_seconds))
        desk.up.clear()
        ground.processes.kill("web")
        ground.kills += 1
    for name in names:
        ground.processes.start(name)
    if "web" in names:
        ground.processes.wait_for_web()
        desk.up.set()


def _give_work(ground: Ground, desk: Desk, many: int) -> None:
    """So many more to book, once most of what was given before is: every kill meets as much."""
    _until(lambda: desk.waiting < many)
    with ground.app.app_context(), transaction() as session:
        refs = [make_discussion(session, ground.council) for _ in range(many)]
    desk.give(refs)


def _deliver_the_rest(ground: Ground) -> None:
    """What killed workers held is sent when their claims have ended: that moment is passed."""
    ground.mailbox.hang = 0
    settings = ground.app.extensions["settings"]
    with ground.app.app_context():
        while deliver_due(settings, now() + CLAIM + timedelta(seconds=1)):
            continue
        db.session.remove()


def _check(ground: Ground, desk: Desk) -> str:
    log = ground.processes.log.read_text()
    for booking in desk.bookings:
        assert not booking.unexpected, f"{booking.unexpected}\n{log}"
    with ground.app.app_context():
        session = reading()
        assert list(half_bookings(session, desk.bookings)) == []
        assert list(lost_or_strange_mail(session, ground.mailbox.received)) == []
        db.session.remove()
    verified = ground.processes.run("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "The audit is whole" in verified.stdout
    assert "[error" not in log, log
    # Nor does a log tell what was going on: no address, no link, no child.
    for word in ("@", "/i/", "Amara", "Okonjo"):
        assert word not in log
    # It was in the middle of something: forms without an answer, letters held by the dead, and
    # work that went on afterwards.
    assert desk.broken_off
    assert any(ground.claimed)
    assert desk.acknowledged > desk.broken_off
    twice = sum(len(each) > 1 for each in by_message_id(ground.mailbox.received).values())
    return (
        f"{ground.kills} kills, {desk.acknowledged:,} bookings acknowledged, {desk.broken_off} "
        f"forms broken off, {sum(ground.claimed)} letters held by killed workers, "
        f"{len(ground.mailbox.received):,} letters arrived, {twice} of them twice"
    )


def _number_claimed(ground: Ground) -> int:
    with ground.app.app_context():
        held = (
            reading()
            .execute(
                select(func.count())
                .select_from(OutboxMessage)
                .where(OutboxMessage.state == MessageState.SENDING)
            )
            .scalar_one()
        )
        db.session.remove()
    return held


def _until(happened: Callable[[], bool], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, "nothing went on any more"
        time.sleep(0.005)
