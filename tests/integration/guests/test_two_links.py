"""Two links open in one browser: what is sent from the page of one is never filed with the other,
and no word of it is lost (D3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.clock import now
from app.invitations.service import invite
from app.meetings.models import Invitee, Meeting, Report
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.meetings.types import Answer, MeetingState
from app.outbox import service as outbox
from app.protocols.types import FormKind
from app.referrals.checks.models import CheckAnswer
from app.referrals.public import service as public
from app.web.access import access_of
from tests.factories.arrivals import TOLD
from tests.factories.checks import make_check, open_link
from tests.factories.directory import make_settings
from tests.factories.guests import make_guest_session
from tests.factories.mail import make_message
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral
from tests.integration.guests.attending import PDF
from tests.page_form import form_of, mark_of

WORDS = "Only about the child of the first page"


class Door(NamedTuple):
    """Where a kind of session lives, and how two of them are opened."""

    cookie: str
    page: str
    open_two: Callable[[Session], tuple[str, str]]


def _invitees(session: Session) -> tuple[str, str]:
    made = [make_meeting(session, MeetingState.BOOKED, invitees=3) for _ in range(2)]
    return _both(make_guest_session(session, one.invitees[1]) for one in made)


def _readers(session: Session) -> tuple[str, str]:
    return _both(_sent_form(session) for _ in range(2))


def _sent_form(session: Session) -> str:
    meeting = make_meeting(session)
    assert meeting.chair_id is not None
    invitation = invite(session, "CAIT desk", "cait@police.example", False, now())
    form = SentForm(
        meeting_id=meeting.id, kind=FormKind.POLICE_REQUEST, number=1, name="Form 87A", pdf=PDF,
        sha256="0" * 64, email=invitation.email, attached=False, invitation_id=invitation.id,
        message_id=outbox.enqueue(session, make_message(), now()).id, sent_at=now(),
        sent_by_id=meeting.chair_id, state=FormState.SENT, chase_at=None, chases=0,
        settled_at=None, reply=None,
    )  # fmt: skip
    session.add(form)
    return open_link(session, invitation.id)


def _asked(session: Session) -> tuple[str, str]:
    return _both(
        open_link(session, make_check(session, make_referral(session)).invitation_id)
        for _ in range(2)
    )


def _writers(session: Session) -> tuple[str, str]:
    return _both(public.start(session, TOLD, f"network-{n}", now()) for n in range(2))


def _both(tokens: Any) -> tuple[str, str]:
    first, second = tokens
    return first, second


# By what the access rule of a route says of itself.
DOORS = {
    "guest: own invitation": Door("guest", "/attend", _invitees),
    "form reader: own form": Door("guest", "/form", _readers),
    "asked or written to: own request or letter": Door("request", "/request", _asked),
    "referrer: own form": Door("refer", "/refer/what-happened", _writers),
}
# Routes that no link and code opens.
ELSEWHERE = ("staff", "everyone", "after the password", "collector", "display")
BEHIND = (
    "guests.acknowledge", "guests.answer", "guests.answer_form", "guests.disagree",
    "guests.give_again", "guests.introduce", "guests.introduce_to_form", "guests.leave",
    "guests.name_deputy", "guests.progress", "guests.report", "refer.adult", "refer.adults",
    "refer.check", "refer.child", "refer.children", "refer.concerns", "refer.consent",
    "refer.files", "refer.later", "refer.leave", "refer.remove_adult", "refer.remove_child",
    "refer.remove_file", "refer.safety", "refer.story", "requests.answer", "requests.introduce",
    "requests.leave",
)  # fmt: skip


def test_every_route_behind_a_link_is_named_in_this_test(app: Flask) -> None:
    behind = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and not access_of(app, rule.endpoint).describe().startswith(ELSEWHERE)  # type: ignore[union-attr]
    }
    assert sorted(behind) == sorted(BEHIND)


def two_tabs(app: Flask, change: Any, door: Door) -> tuple[FlaskClient, dict[str, str]]:
    """A browser in which the second link was opened last; and what the first page carries."""
    with change() as session:
        first, second = door.open_two(session)
    browser = app.test_client()
    browser.set_cookie(door.cookie, first)
    page = browser.get(door.page).text
    carried = mark_of(page) | {"csrf_token": form_of(page, _actions(page)[0])["csrf_token"]}
    browser.set_cookie(door.cookie, second)
    other = browser.get(door.page).text
    assert mark_of(other) and mark_of(other) != mark_of(page)
    return browser, carried


def _actions(page: str) -> list[str]:
    """Forms of a page whose fields have no prefix: the one to leave, or the only one."""
    found = [action for action in ("/attend/leave", "/request/leave", "/form") if action in page]
    return found or [""]


@pytest.mark.parametrize("whose", DOORS)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_page_of_another_link_files_nothing_and_gives_the_words_back(
    app: Flask, change: Any, whose: str
) -> None:
    browser, carried = two_tabs(app, change, DOORS[whose])
    paths = [
        rule.rule.replace("<int:number>", "1").replace("<key>", "1")
        for rule in app.url_map.iter_rules()
        if rule.endpoint in BEHIND and access_of(app, rule.endpoint).describe() == whose  # type: ignore[union-attr]
    ]
    assert paths
    with change() as session:
        before = session.execute(select(func.count(AuditEntry.id))).scalar()
    for path in paths:
        for mark in (carried["page-mark"], "", "f" * 64):
            typed = {"page-mark": mark, "report-body": WORDS, "words": "<b>two</b>"}
            sent = browser.post(path, data=carried | typed)
            assert sent.status_code == 409, path
            assert "Nothing was sent" in sent.text
            assert WORDS in sent.text and "&lt;b&gt;two" in sent.text
            assert carried["csrf_token"] not in sent.text.split("<main")[1]
        without = browser.post(path, data={"csrf_token": carried["csrf_token"]})
        assert without.status_code == 409, path
    with change() as session:
        assert session.execute(select(func.count(AuditEntry.id))).scalar() == before


def test_a_report_from_the_first_page_is_filed_with_neither_discussion(
    app: Flask, change: Any
) -> None:
    browser, _carried = two_tabs(app, change, first := DOORS["guest: own invitation"])
    fields = form_of(browser.get(first.page).text, "/attend/report")
    with change() as session:
        third = make_meeting(session, invitees=3).invitees[1]
        browser.set_cookie("guest", make_guest_session(session, third))
    sent = browser.post(
        "/attend/report",
        data=fields | {"report-body": WORDS, "report-file": (io.BytesIO(PDF), "school.pdf")},
    )
    assert sent.status_code == 409 and WORDS in sent.text and "school.pdf" in sent.text
    with change() as session:
        assert not session.execute(select(Report)).scalars().all()
        assert {one.answer for one in session.execute(select(Invitee)).scalars()} == {Answer.NONE}


def test_what_the_second_page_sends_is_filed_with_the_second(app: Flask, change: Any) -> None:
    with change() as session:
        one, two = (make_meeting(session, invitees=3).invitees[1] for _ in range(2))
        ids, tokens = (one.id, two.id), [make_guest_session(session, each) for each in (one, two)]
    browser = app.test_client()
    browser.set_cookie("guest", tokens[0])
    browser.get("/attend")
    browser.set_cookie("guest", tokens[1])
    fields = form_of(browser.get("/attend").text, "/attend/report") | {"report-body": WORDS}
    assert browser.post("/attend/report", data=fields).status_code == 303
    with change() as session:
        assert session.execute(select(Report.invitee_id)).scalars().all() == [ids[1]]


def test_a_new_code_for_the_same_link_keeps_the_open_page_good(app: Flask, change: Any) -> None:
    with change() as session:
        invitee = make_meeting(session, invitees=3).invitees[1]
        number, tokens = invitee.id, [make_guest_session(session, invitee) for _ in range(2)]
    browser = app.test_client()
    browser.set_cookie("guest", tokens[0])
    fields = form_of(browser.get("/attend").text, "/attend/report") | {"report-body": WORDS}
    browser.set_cookie("guest", tokens[1])
    assert browser.post("/attend/report", data=fields).status_code == 303
    with change() as session:
        assert session.execute(select(Report.invitee_id)).scalars().all() == [number]


def test_an_answer_to_one_request_is_not_given_to_another(app: Flask, change: Any) -> None:
    with change() as session:
        first, second = _asked(session)
    browser = app.test_client()
    browser.set_cookie("request", first)
    fields = form_of(browser.get("/request").text, "/request/answer")
    browser.set_cookie("request", second)
    sent = browser.post("/request/answer", data=fields | {"words": WORDS, "held": "something"})
    assert sent.status_code == 409 and WORDS in sent.text
    with change() as session:
        assert not session.execute(select(CheckAnswer)).scalars().all()


def test_a_form_is_not_refused_with_the_words_meant_for_another(app: Flask, change: Any) -> None:
    with change() as session:
        first, second = _readers(session)
    browser = app.test_client()
    browser.set_cookie("guest", first)
    fields = form_of(browser.get("/form").text, "/form")
    browser.set_cookie("guest", second)
    sent = browser.post("/form", data=fields | {"who": "DS Lane", "words": WORDS, "do": "refuse"})
    assert sent.status_code == 409 and WORDS in sent.text and "DS Lane" in sent.text
    with change() as session:
        assert set(session.execute(select(SentForm.state)).scalars()) == {FormState.SENT}
        assert len(session.execute(select(Meeting.id)).all()) == 2


def test_the_first_step_of_one_public_form_is_not_put_into_another(app: Flask, change: Any) -> None:
    with change() as session:
        make_settings(session)
        first, second = _writers(session)
    browser = app.test_client()
    browser.set_cookie("refer", first)
    fields = form_of(browser.get("/refer/you").text, "")
    browser.set_cookie("refer", second)
    sent = browser.post("/refer/you", data=fields | {"name": "Somebody Else"})
    assert sent.status_code == 409
    assert "Nothing was sent" in sent.text and "Somebody Else" in sent.text
