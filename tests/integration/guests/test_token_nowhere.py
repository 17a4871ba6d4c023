"""The token of a link stands in the link alone: in no page behind it, no header, no log line,
whatever is asked and whatever breaks (D3)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from app.meetings.types import MeetingState
from tests.factories.guests import Phone, codes_sent, make_link
from tests.factories.meetings import make_meeting

_HREF = re.compile(r'(?:href|action|src|hx-(?:get|post))="(/[^"#]*)')
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE")


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture, capfd: Any) -> Iterator[Any]:
    """All that is said until now, of every library, at its most talkative."""
    caplog.set_level(logging.DEBUG)
    yield lambda: caplog.text + "".join(capfd.readouterr())


def link_rules(app: Any) -> list[Rule]:
    found = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
    assert len(found) >= 9, "where have the links gone?"
    return found


def address(app: Any, rule: Rule, token: str) -> str:
    with app.test_request_context():
        values = dict.fromkeys(rule.arguments, 1) | {"token": token}
        built: str = app.url_map.bind("").build(rule.endpoint, values, force_external=False)
    return built


def test_no_address_with_a_token_puts_it_into_a_log(
    app: Any, change: Any, everything_logged: Any
) -> None:
    with change() as session:
        token = make_link(session, make_meeting(session).invitees[1])
    for rule in link_rules(app):
        path = address(app, rule, token)
        for method in _METHODS:
            answer = Phone(app).client.open(path, method=method)
            assert answer.headers["Referrer-Policy"] == "no-referrer", path
            assert token not in str(answer.headers.getlist("Set-Cookie"))
            title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
            assert title is None or token not in title[1]
        Phone(app).get(f"{path}/further/{token}?{token}={token}")
    said = everything_logged()
    assert "form refused" in said
    assert token not in said


@pytest.mark.parametrize(
    "breaks",
    [
        "app.guests.service.request_code",
        "app.guests.service.answer_without_code",
        "app.invitations.service.redeem_code",
    ],
)
def test_what_breaks_behind_a_link_is_logged_without_it(
    app: Any, change: Any, everything_logged: Any, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    with change() as session:
        token = make_link(session, make_meeting(session).invitees[1])

    def fails(*given: Any, **more: Any) -> None:
        raise RuntimeError(f"broken by {given} {more} {token}")

    monkeypatch.setattr(breaks, fails)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    base, phone = f"/i/{token}", Phone(app)
    for answer in (
        phone.post(f"{base}/code-request", base),
        phone.post(f"{base}/code", f"{base}/code", code="123456"),
        phone.post(f"{base}/answer", base, "answer", take_part="yes"),
    ):
        assert answer.status_code in (303, 422, 500)
        if answer.status_code == 500:
            assert token not in answer.text
    said = everything_logged()
    assert "RuntimeError" in said
    assert token not in said


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.ENDED, MeetingState.SIGNED])
def test_behind_the_code_no_page_holds_link_or_session(
    app: Any, change: Any, everything_logged: Any, state: MeetingState
) -> None:
    with change() as session:
        token = make_link(session, make_meeting(session, state).invitees[1])
    base, phone = f"/i/{token}", Phone(app)
    phone.post(f"{base}/code-request", base)
    with change() as session:
        [(_to, code)] = codes_sent(session)
    opened = phone.post(f"{base}/code", f"{base}/code", code=code)
    assert opened.location == "/attend"
    held = phone.client.get_cookie("guest")
    assert held is not None and token not in held.value
    waiting, seen = ["/attend"], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = phone.get(path)
        for secret in (token, held.value, code):
            assert secret.encode() not in answer.data, path
            assert secret not in str(answer.headers), path
        if answer.mimetype == "text/html":
            waiting += _HREF.findall(answer.text)
    assert len(seen) > 3
    left = phone.post("/attend/leave", "/attend")
    assert token not in left.text + str(left.headers)
    assert held.value not in left.text + str(left.headers)
    said = everything_logged()
    for secret in (token, held.value, code):
        assert secret not in said


def test_a_referrer_header_with_a_token_is_not_logged(
    app: Any, change: Any, everything_logged: Any
) -> None:
    """A program that ignores the policy sends the link along; nothing of ours writes it down."""
    with change() as session:
        token = make_link(session, make_meeting(session).invitees[1])
    came = {"Referer": f"http://desk.example.org/i/{token}", "HX-Current-URL": f"/i/{token}"}
    for path in ("/", "/sign-in", f"/i/{token}/nowhere", "/nowhere", "/static/nowhere.css"):
        for method in ("GET", "POST"):
            answer = app.test_client().open(path, method=method, headers=came)
            assert token not in str(answer.headers.getlist("Set-Cookie"))
    assert token not in everything_logged()
