"""How the journey is played: browsers that note addresses, forms, and what comes by mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.clock import now
from app.core.session import db, reading
from app.directory.models import LinePin
from app.meetings.models import Meeting
from app.outbox.delivery import deliver_due
from tests.factories.accounts import sign_in_as
from tests.integration.mail_journey.letter import Letter
from tests.integration.mail_journey.seen import Journey
from tests.page_form import form_of
from tests.smtp import MailServer

_ADDRESSES = re.compile(r'\s(?:href|src|action|formaction|hx-get|hx-post)="([^"]*)"')
LATE = "After its deadline"


def watched(urls: list[str]) -> type[FlaskClient]:
    """A browser that notes every address it asks for, is sent to, or is shown."""

    class Watched(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> TestResponse:
            answer = super().open(*args, **kwargs)
            urls.extend([answer.request.url, answer.headers.get("Location", "")])
            urls.extend(_ADDRESSES.findall(answer.text))
            return answer

    return Watched


class Stage:
    def __init__(self, app: Flask, mailbox: MailServer, journey: Journey) -> None:
        self.app = app
        self.mailbox = mailbox
        self.journey = journey
        self.people: dict[str, int] = {}

    def _browser(self, staff_id: int) -> FlaskClient:
        browser = watched(self.journey.staff_urls)(self.app, self.app.response_class)
        with self.app.app_context():
            sign_in_as(browser, staff_id)
        return browser

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """What is done inside, then the worker's delivery; keeps the letters that came."""
        began, held = now(), len(self.mailbox.received)
        yield
        settings = self.app.extensions["settings"]
        with self.app.app_context():
            while deliver_due(settings, now()):
                continue
            db.session.remove()
        came = [Letter(one) for one in self.mailbox.received[held:]]
        told = [letter for letter in came if letter.subject.startswith(LATE)]
        self.journey.steps[name] = [letter for letter in came if letter not in told]
        if told:  # the manager is told of a booking after the deadline, beside the invitations
            self.journey.steps["told"] = told
        self.journey.times[name] = (began, now())
        with self.app.app_context():
            its_pin = select(LinePin.pin).join(Meeting, Meeting.pin_id == LinePin.id)
            self.journey.pins[name] = reading().execute(its_pin).scalar_one()
            db.session.remove()

    def _press(self, page: str, **typed: str) -> None:
        where = f"{self.base}/{page}"
        fields = form_of(self.desk.get(where).text, where)
        self._send(self.desk, where, data=fields | typed)

    def _change(self) -> dict[str, str]:
        where = f"{self.base}/change"
        return form_of(self.desk.get(where).text, where) | {"do": "send"}

    def _id(self, mailbox: str) -> int:
        [found] = [number for email, number in self.people.items() if email.startswith(mailbox)]
        return found

    @staticmethod
    def _send(browser: FlaskClient, path: str, data: dict[str, Any]) -> str:
        """Send a form and look at the page that it leads to. Returns where that is."""
        answer = browser.post(path, data=data)
        assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text)
        there = answer.headers["Location"]
        assert browser.get(there).status_code == 200
        return there
