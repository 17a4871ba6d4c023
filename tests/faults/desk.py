"""A council with many discussions to book, and administrators who book them one after the other,
whatever becomes of the server meanwhile."""

from __future__ import annotations

import queue
import random
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.session import transaction
from app.directory.models import Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.types import MeetingState
from app.referrals.models import ChildProfessional
from app.referrals.types import Flag
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.meetings import make_case, make_conference_line, make_meeting, make_person
from tests.faults.processes import Browser, NoAnswer
from tests.page_form import form_of

INVITEES = 8  # beside the chair
_P, _K = ProfessionalRole, AgencyKind
_ASKED_BY_RULE = (
    (_P.POLICE_CAIT, _K.POLICE), (_P.EARLY_HELP_WORKER, _K.EARLY_HELP),
    (_P.PROBATION_OFFICER, _K.PROBATION), (_P.HOUSING_OFFICER, _K.HOUSING),
)  # fmt: skip
_INVOLVED = (
    (_P.HEALTH_VISITOR, _K.HEALTH), (_P.GP, _K.HEALTH), (_P.SCHOOL_NURSE, _K.HEALTH),
)  # fmt: skip
_FLAGS = (Flag.EARLY_HELP, Flag.PROBATION, Flag.HOUSING)


@dataclass
class Council:
    """Who may be invited and who chairs: the same people for every discussion."""

    chair: Staff
    lead: Professional
    involved: Sequence[Professional]


def make_council(session: Session, pins: int) -> Council:
    """A directory, and two lines with this many PINs each."""
    for role, kind in _ASKED_BY_RULE:
        make_person(session, role, kind)
    for _ in range(2):
        make_conference_line(session, pins)
    return Council(
        make_staff(session, Role.CHAIR),
        make_person(session, _P.SAFEGUARDING_LEAD, _K.EDUCATION),
        [make_person(session, role, kind) for role, kind in _INVOLVED],
    )


def make_discussion(session: Session, council: Council) -> str:
    """The reference of a discussion that waits to be booked, for which eight are proposed."""
    moment = now()
    case = make_case(session, at=moment, staff=council.chair, referrer=council.lead, flags=_FLAGS)
    session.add_all(
        ChildProfessional(
            child_id=case.children[0].child_id,
            professional_id=person.id,
            actively_involved=True,
            lead=False,
        )
        for person in (council.lead, *council.involved)
    )
    return make_meeting(
        session, MeetingState.NEEDED, at=moment, referral=case, chair=council.chair
    ).ref


def sign_in(app: Flask, port: int) -> Browser:
    """An administrator's browser, both factors given."""
    client = app.test_client()
    with app.app_context():
        with transaction() as session:
            staff_id = make_staff(session, Role.ADMINISTRATOR).id
        sign_in_as(client, staff_id)
    cookie = client.get_cookie("desk")
    assert cookie is not None
    return Browser(port, {"desk": cookie.value})


@dataclass
class Booking:
    """One discussion to be booked for its own time, and what was seen of it from outside."""

    ref: str
    starts_at: datetime
    fields: dict[str, str] = field(default_factory=dict)  # of the form, once it was opened
    acknowledged: bool = False
    broken_off: int = 0  # sent, and no answer came
    goes_on: bool = True  # whoever books it tries until there is an answer
    unexpected: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/discussions/{self.ref}"


class Desk:
    """Administrators at work. `up` says when the server can be asked; `sending` is set when a form
    is on its way, so that a kill can be aimed at it."""

    def __init__(self, browsers: Sequence[Browser]) -> None:
        self._first = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
        self.bookings: list[Booking] = []
        self.up, self.sending = threading.Event(), threading.Event()
        self.took: list[float] = []  # seconds from each sending to its answer
        self._stopping = threading.Event()
        self._waiting: queue.SimpleQueue[Booking] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, args=(browser,), daemon=True)
            for browser in browsers
        ]

    def give(self, refs: Sequence[str]) -> None:
        """More discussions to book, each for an hour of its own."""
        for ref in refs:
            booking = Booking(ref, self._first + timedelta(hours=len(self.bookings)))
            self.bookings.append(booking)
            self._waiting.put(booking)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def usual_seconds(self) -> float:
        """How long a form usually takes, from its sending to its answer."""
        return statistics.median(self.took[-10:])

    @property
    def acknowledged(self) -> int:
        return sum(booking.acknowledged for booking in self.bookings)

    @property
    def waiting(self) -> int:
        """How many are still to be booked by somebody."""
        return sum(
            booking.goes_on and not booking.acknowledged and not booking.unexpected
            for booking in self.bookings
        )

    @property
    def broken_off(self) -> int:
        return sum(booking.broken_off for booking in self.bookings)

    def stop(self) -> None:
        """All that was given is booked, what was broken off by those who try again."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()

    def _work(self, browser: Browser) -> None:
        again: list[Booking] = []  # broken off, and this person tries once more
        while True:
            if not self.up.wait(0.05) and not self._stopping.is_set():
                continue
            try:
                booking = again.pop() if again else self._waiting.get(timeout=0.05)
                self._book(browser, booking)
            except queue.Empty:
                if self._stopping.is_set():
                    return
            except NoAnswer:
                if booking.goes_on:
                    again.append(booking)
                self.up.wait(0.05)

    def _book(self, browser: Browser, booking: Booking) -> None:
        here = f"{booking.path}/book"
        if not booking.fields:
            page = browser.get(here)
            if page.status == 303 and booking.broken_off:
                # Opened again after it was broken off: the page says that it is booked.
                booking.acknowledged = True
                return
            booking.fields = form_of(page.text, here) | _time(booking.starts_at) | {"do": "send"}
        self.sending.set()
        began = time.monotonic()
        try:
            answer = browser.post(here, booking.fields)
        except NoAnswer:
            booking.broken_off += 1
            # Some send the same form again, some open the page again, some go home.
            match random.choice(("same form", "page again", "home")):
                case "page again":
                    booking.fields = {}
                case "home":
                    booking.goes_on = False
            raise
        if answer.status == 303 and answer.location == booking.path:
            booking.acknowledged = True
            self.took.append(time.monotonic() - began)
        else:
            booking.unexpected.append(f"{answer.status} {answer.location} {answer.text}")


def _time(moment: datetime) -> dict[str, str]:
    local = in_london(moment)
    return {
        "slot": "other", "other-day": f"{local.day}", "other-month": f"{local.month}",
        "other-year": f"{local.year}", "other-time": f"{local:%H:%M}",
        "late_reason": "Nobody could come before.",
    }  # fmt: skip
