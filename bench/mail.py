"""From pressing Send to twelve invitations taken by the mail server, as a multiple of SMTP alone.

SMTP alone is twelve messages of the very same bytes, ready made, over one plain smtplib connection
to the same server. Both are measured from the first thing done to the twelfth message taken.
Target: 1.5 times. The real form goes to gunicorn; the real worker is woken and delivers. The answer
to the person is compared with a bare Flask hello too: at most 15 times.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import delete, select, update

from app.accounts.models import Staff, StaffRole
from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.directory.models import Professional
from app.meetings.models import LineQuarter, Meeting
from app.meetings.need.service import decide_needed
from app.meetings.need.types import Occasion
from app.meetings.open_case.types import About
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import Child
from app.referrals.types import Concern
from bench import area
from bench.mail_server import Clerk, mail_server
from bench.serving import ROOT, gunicorn, hello
from bench.serving import ask as get
from tests.factories.booking import make_member
from tests.page_form import form_of

LETTERS = 12
ROUNDS = 25
WARM_UP = 3
HELLOS = 5  # for each booking
TARGET = 1.5
HELLO_TARGET = 15
WORKER = (sys.executable, "-m", "flask", "worker")

# A path and the form that goes there, or None where it is only read; gives status and page.
Ask = Callable[[str, dict[str, str] | None], tuple[int, str]]


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
        folder = Path(name)
        return _measured(area.make(folder / "area"), folder, clerk)


def _measured(app: Flask, folder: Path, clerk: Clerk) -> list[str]:
    cookie = area.cookie(app, Role.CHAIR)
    refs = needed(app, Role.CHAIR, ROUNDS + WARM_UP + 1)
    people = everybody(app)
    # What a new area gives the worker to do beside its mail, which is kept from the mail server.
    subprocess.run([*WORKER, "--once"], cwd=ROOT, stderr=subprocess.DEVNULL, check=True)
    take_back_the_rest(app)
    booked: list[Times] = []
    alone: list[float] = []
    hellos: list[float] = []
    with hello(folder) as bare, gunicorn("wsgi:app", ROOT) as port:
        ask = _asking(port, cookie)
        post(ask, refs[0], form_for(ask, refs[0], people))
        letters = queued(app)
        with _worker(clerk):
            clerk.greeted_and_taken(LETTERS)
            _settle(app, clerk, refs[0])
            for turn, ref in enumerate(refs[1:]):
                times = _book(ask, ref, form_for(ask, ref, people), clerk)
                _settle(app, clerk, ref)
                seconds = send_alone(letters, clerk)
                if turn >= WARM_UP:
                    booked.append(times)
                    alone.append(seconds)
                    hellos += [get(bare, "/hello")[0] for _ in range(HELLOS)]
    base = statistics.median(alone)

    def of(part: str) -> float:
        return statistics.median([float(getattr(one, part)) for one in booked]) / base

    size = sum(len(content) for _to, content in letters) / len(letters)
    best, quick = min(one.whole for one in booked), min(alone)
    post_of_hello = of("post") * base / statistics.median(hellos)
    quick_of_hello = _quick([one.post for one in booked]) / _quick(hellos)
    return [
        f"booking to {LETTERS} invitations taken: {of('whole'):.1f} times SMTP alone "
        f"({base * 1000:.1f} ms for {LETTERS} messages of {size / 1024:.1f} KiB; target {TARGET})",
        f"  undisturbed, the best of each: {best / quick:.1f} ({quick * 1000:.1f} ms alone)",
        f"  of it the answer to the person: {of('post'):.1f}",
        f"  from then until the worker stands at the mail server: {of('waking'):.1f}",
        f"  from there to the last letter taken: {of('delivery'):.1f}",
        f"the answer to the person: {post_of_hello:.1f} times a hello, undisturbed "
        f"{quick_of_hello:.1f} (target {HELLO_TARGET})",
    ]


def _quick(seconds: list[float]) -> float:
    """The median of the quickest tenth, when nothing else ran."""
    return statistics.median(sorted(seconds)[: max(1, len(seconds) // 10)])


def needed(app: Flask, role: Role, count: int) -> list[str]:
    """So many discussions that somebody of this role found needed, each about a known child."""
    with app.app_context():
        held = select(Staff).join(StaffRole).where(StaffRole.role == role).limit(1)
        staff = make_member(reading().execute(held).scalars().one())
        children = reading().execute(select(Child.ref).order_by(Child.id).limit(count)).scalars()
        made = []
        for child in list(children):
            with transaction() as session:
                moment = now()
                about = About(concerns=(Concern.PHYSICAL_ABUSE,))
                occasion = Occasion(child_refs=(child,), information_at=moment, about=about)
                made.append(
                    decide_needed(session, staff, occasion, "New bruises.", moment, moment).ref
                )
        return made


def take_back_the_rest(app: Flask) -> None:
    """The example area has mail under way; here it would leave between the letters."""
    with app.app_context(), transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING)))
            .values(state=MessageState.WITHDRAWN, content=None, claimed_until=None)
        )


def everybody(app: Flask) -> list[int]:
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


def form_for(ask: Ask, ref: str, people: list[int]) -> dict[str, str]:
    """The form of the booking page with eleven people beside the chair, as a browser holds it."""
    path = f"/discussions/{ref}/book"
    form = form_of(ask(path, None)[1], path)
    for person in people:
        coming = [key for key in form if key.startswith("people-") and key.endswith("-come")]
        if len(coming) >= LETTERS - 1:
            break
        if str(person) not in form.values():
            form = form_of(ask(path, form | {"add": str(person)})[1], path)
    for key in list(form):
        row = key.removesuffix("-reason")
        if key.endswith("-reason") and f"{row}-come" not in form:
            form[key] = "Not needed this time."
    return form | {"do": "send"} | {"late_reason": "Nobody is free before."}


def _book(ask: Ask, ref: str, form: dict[str, str], clerk: Clerk) -> Times:
    time.sleep(0.3)  # the worker waits, as it does most of the day
    assert clerk.nothing_left()
    started = time.monotonic()
    post(ask, ref, form)
    answered = time.monotonic()
    greeted, taken = clerk.greeted_and_taken(LETTERS)
    return Times(answered - started, greeted - answered, taken - greeted)


def post(ask: Ask, ref: str, form: dict[str, str]) -> None:
    """Press Send. Raises RuntimeError with the page where it was not booked."""
    status, body = ask(f"/discussions/{ref}/book", form)
    if status != 303:
        raise RuntimeError(f"{ref} was not booked ({status}): {body[:4000]}")


def _asking(port: int, cookie: str) -> Ask:
    """Asks the server at this port, on a connection of its own each time."""

    def ask(path: str, form: dict[str, str] | None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Cookie": cookie}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(form) if form is not None else None
        connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        return answer.status, page

    return ask


def queued(app: Flask) -> list[tuple[str, bytes]]:
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


def send_alone(letters: list[tuple[str, bytes]], clerk: Clerk) -> float:
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
def _worker(clerk: Clerk) -> Iterator[None]:
    environment = os.environ | {"SMTP_URL": f"smtp://127.0.0.1:{clerk.port}"}
    process = subprocess.Popen(WORKER, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)
