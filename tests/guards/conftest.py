"""Two discussions, and everybody who might try to open what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.meetings.models import Action, Report
from app.meetings.types import ActionState, MeetingState, ReportVia
from app.referrals.models import Referral
from app.reports.wall.service import make_display
from app.reports.wall.types import Screen
from tests.factories.abuse import actor_of, make_abuse_case, make_list
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.guests import make_guest_session
from tests.factories.meetings import make_meeting

CANARY = "Quillfeather Rise"
# Of a case on a list, which stands for the list alone.
LIST_CANARY = "Thistlecombe heard glass break"


@dataclass(frozen=True)
class World:
    """An application with two discussions. Addresses lead to the second; the invitee tried is
    one of the first."""

    app: Flask
    values: dict[str, str]
    staff: dict[Role, int]
    guest_token: str

    def path(self, rule: Rule) -> str:
        """The rule's address, of the second discussion where it names one."""
        values: dict[str, object] = dict(rule.defaults or {})
        for name in rule.arguments - set(values):
            folder = rule.rule.split("<")[0]
            values[name] = next(
                (value for key, value in self.values.items() if key in folder and name == "ref"),
                self.values.get(f"{folder.strip('/').rpartition('/')[2]}.{name}", "999999"),
            )
        adapter = self.app.url_map.bind("localhost")
        return adapter.build(rule.endpoint, values, method=None)

    def browser(self, visitor: str) -> FlaskClient:
        """A fresh browser of `anonymous`, `invitee` or a role."""
        browser = self.app.test_client()
        if visitor == "invitee":
            browser.set_cookie("guest", self.guest_token)
        elif visitor != "anonymous":
            with self.app.app_context():
                sign_in_as(browser, self.staff[Role(visitor)])
        return browser

    def open(
        self, browser: FlaskClient, path: str, method: str, typed: dict[str, str] | None = None
    ) -> TestResponse:
        """Ask as a page of ours would: else a missing token answers before the rule does."""
        with self.app.test_request_context():
            token = generate_csrf()
            behind = session["csrf_token"]
        with browser.session_transaction() as cookie:
            cookie["csrf_token"] = behind
        return browser.open(path, method=method, headers={"X-CSRFToken": token}, data=typed)


def _second_discussion(change) -> dict[str, str]:
    meeting = make_meeting(change, MeetingState.ENDED, 4)
    invitee = meeting.invitees[1]
    moment = now()
    action = Action(
        meeting_id=meeting.id,
        child_id=None,
        what=CANARY,
        why=None,
        owner_id=invitee.id,
        due_at=moment,
        state=ActionState.OPEN,
        progress=None,
        closed_at=None,
        removed_at=None,
        added_by_id=meeting.chair_id,
        added_at=moment,
    )
    report = Report(
        invitee_id=invitee.id,
        body=CANARY,
        file=CANARY.encode(),
        file_name="report.pdf",
        media_type="application/pdf",
        via=ReportVia.LINK,
        added_by_id=None,
        received_at=moment,
    )
    change.add_all([action, report])
    change.flush()
    return {
        "/referrals/": change.get_one(Referral, meeting.referral_id).ref,
        "/discussions/": meeting.ref,
        "actions.number": str(action.id),
        "reports.number": str(report.id),
        "reports.report_id": str(report.id),
    }


def _list_with_a_case(change) -> dict[str, str]:
    case = make_abuse_case(change, account=LIST_CANARY, at=now())
    sitting = make_list(change, now())
    display = make_display(change, actor_of(change), "Team room", Screen.TRIAGE, now())
    return {
        "/domestic-abuse/": case.ref,
        "/lists/": sitting.ref,
        "lists.number": "1",
        "displays.number": str(display.id),
        "open.series_id": "domestic-abuse-daily",
    }


@pytest.fixture
def engine_name() -> str:
    """Who may open what does not depend on the database."""
    return "sqlite"


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    with app.app_context(), transaction() as change:
        first = make_meeting(change, MeetingState.BOOKED, 3, at=now())
        guest_token = make_guest_session(change, first.invitees[1])
        values = _second_discussion(change)
        values |= _list_with_a_case(change)
        staff = {role: make_staff(change, role).id for role in Role}
    yield World(app, values, staff, guest_token)
