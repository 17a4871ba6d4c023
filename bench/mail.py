"""From pressing Send to twelve invitations taken by the mail server, as a multiple of SMTP alone.

SMTP alone is twelve messages of the very same bytes, ready made, over one plain smtplib connection
to the same server. Both are measured from the first thing done to the twelfth message taken.
Target: 1.5 times. The real form goes to gunicorn; the real worker is woken and delivers.
"""

from __future__ import annotations

import http.client
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import delete, select, update

from app.accounts.queries import staff_by_session_token
from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.directory.models import Professional
from app.meetings.models import LineQuarter, Meeting
from app.meetings.need.service import decide_needed
from app.meetings.need.types import Occasion
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import Child
from bench import area
from bench.mail_server import Clerk, mail_server
from bench.serving import ROOT, gunicorn
from tests.page_form import form_of

LETTERS = 12
ROUNDS = 25
WARM_UP = 3
TARGET = 1.5


class Times(NamedTuple):
    """Seconds of one booking: until the answer, from then until the worker stands at the mail
    server's door (less than nothing where it was quicker), from there to the last letter."""

    post: float
    waking: float
    delivery: float

    @property
    def whole(self) -> float:
        return self.post + self.waking + self.delivery


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as name, mail_server() as clerk:
        os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{clerk.port}"
        try:
            return _measured(area.make(Path(name) / "area"), clerk)
        finally:
            del os.environ["SMTP_URL"]


def _measured(app: Flask, clerk: Clerk) -> list[str]:
    cookie = area.cookie(app, Role.CHAIR)
    refs = _needed(app, cookie, ROUNDS + WARM_UP + 1)
    people = _people(app)
    _take_back_the_rest(app)
    booked: list[Times] = []
    alone: list[float] = []
    with gunicorn("wsgi:app", ROOT) as port:
        form = _form(port, cookie, refs[0], people)
        _post(port, cookie, refs[0], form)
        letters = _letters(app)
        with _worker():
            clerk.greeted_and_taken(LETTERS)
            _settle(app, clerk, refs[0])
            for turn, ref in enumerate(refs[1:]):
                form = _form(port, cookie, ref, people)
                times = _book(port, cookie, ref, form, clerk)
                _settle(app, clerk, ref)
                seconds = _send_alone(letters, clerk)
                if turn >= WARM_UP:
                    booked.append(times)
                    alone.append(seconds)
    base = statistics.median(alone)

    def of(part: str) -> float:
        return statistics.median(getattr(one, part) for one in booked) / base

    size = sum(len(content) for _to, content in letters) / len(letters)
    best, quick = min(one.whole for one in booked), min(alone)
    return [
        f"booking to {LETTERS} invitations taken: {of('whole'):.1f} times SMTP alone "
        f"({base * 1000:.1f} ms for {LETTERS} messages of {size / 1024:.1f} KiB; target {TARGET})",
        f"  undisturbed, the best of each: {best / quick:.1f} ({quick * 1000:.1f} ms alone)",
        f"  of it the answer to the person: {of('post'):.1f}",
        f"  from then until the worker stands at the mail server: {of('waking'):.1f}",
        f"  from there to the last letter taken: {of('delivery'):.1f}",
    ]


def _needed(app: Flask, cookie: str, count: int) -> list[str]:
    """So many discussions that wait to be booked, each about a child of the example area."""
    with app.app_context(), app.test_request_context(headers={"Cookie": cookie}):
        from flask import session as held

        staff = staff_by_session_token(reading(), held["_user_id"], now())
        assert staff is not None
        children = reading().execute(select(Child.ref).order_by(Child.id).limit(count)).scalars()
        made = []
        for child in list(children):
            with transaction() as session:
                moment = now()
                occasion = Occasion(child_refs=(child,), information_at=moment)
                made.append(
                    decide_needed(session, staff, occasion, "New bruises.", moment, moment).ref
                )
        return made


def _take_back_the_rest(app: Flask) -> None:
    """The example area has mail under way; here it would arrive between the letters."""
    with app.app_context(), transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING)))
            .values(state=MessageState.WITHDRAWN, content=None, claimed_until=None)
        )


def _people(app: Flask) -> list[int]:
    with app.app_context():
        return list(
            reading()
            .execute(
                select(Professional.id)
                .where(Professional.ended_at.is_(None), Professional.away_until.is_(None))
                .order_by(Professional.id)
            )
            .scalars()
        )


def _form(port: int, cookie: str, ref: str, people: list[int]) -> dict[str, str]:
    """The form of the booking page with eleven people beside the chair, as a browser holds it."""
    path = f"/discussions/{ref}/book"
    form = form_of(_ask(port, "GET", path, cookie)[1], path)
    for person in people:
        coming = [key for key in form if key.startswith("people-") and key.endswith("-come")]
        if len(coming) >= LETTERS - 1:
            break
        if str(person) not in form.values():
            form = form_of(_ask(port, "POST", path, cookie, form | {"add": str(person)})[1], path)
    for key in list(form):
        row = key.removesuffix("-reason")
        if key.endswith("-reason") and f"{row}-come" not in form:
            form[key] = "Not needed this time."
    return form | {"do": "send"} | {"late_reason": "Nobody is free before."}


def _book(port: int, cookie: str, ref: str, form: dict[str, str], clerk: Clerk) -> Times:
    time.sleep(0.3)  # the worker waits, as it does most of the day
    assert clerk.nothing_left()
    started = time.monotonic()
    _post(port, cookie, ref, form)
    answered = time.monotonic()
    greeted, taken = clerk.greeted_and_taken(LETTERS)
    return Times(answered - started, greeted - answered, taken - greeted)


def _post(port: int, cookie: str, ref: str, form: dict[str, str]) -> None:
    status, body = _ask(port, "POST", f"/discussions/{ref}/book", cookie, form)
    if status != 303:
        raise RuntimeError(f"{ref} was not booked ({status}): {body[:4000]}")


def _ask(
    port: int, method: str, path: str, cookie: str, form: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": cookie}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form is not None else None, headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def _letters(app: Flask) -> list[tuple[str, bytes]]:
    """What was queued, before it is sent: address and bytes."""
    with app.app_context():
        rows = reading().execute(
            select(OutboxMessage.recipient, OutboxMessage.content).where(
                OutboxMessage.state == MessageState.QUEUED, OutboxMessage.kind == "invitation"
            )
        )
        found = [(to, content or b"") for to, content in rows]
        reading().rollback()
    assert len(found) == LETTERS, len(found)
    return found


def _send_alone(letters: list[tuple[str, bytes]], clerk: Clerk) -> float:
    started = time.monotonic()
    with smtplib.SMTP("127.0.0.1", clerk.port, "desk.example.org") as smtp:
        for to, content in letters:
            smtp.sendmail("rna-desk@example.org", [to], content)
    _greeted, taken = clerk.greeted_and_taken(len(letters))
    return taken - started


def _settle(app: Flask, clerk: Clerk, ref: str) -> None:
    """Wait until the worker has written everything down; then give the time back, so that every
    booking finds the same diary."""
    with app.app_context():
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            open_ = reading().execute(
                select(OutboxMessage.id).where(
                    OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING))
                )
            )
            waiting = open_.first() is not None
            reading().rollback()
            if not waiting:
                break
            time.sleep(0.05)
        with transaction() as session:
            meeting_id = session.execute(select(Meeting.id).where(Meeting.ref == ref)).scalar_one()
            session.execute(delete(LineQuarter).where(LineQuarter.meeting_id == meeting_id))
            session.execute(
                update(Meeting)
                .where(Meeting.id == meeting_id)
                .values(state=MeetingState.CANCELLED, cancelled_at=now())
            )
    assert clerk.nothing_left()


@contextmanager
def _worker() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "worker"], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)
