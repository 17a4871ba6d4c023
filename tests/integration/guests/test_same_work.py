"""A code asked for and a code given: whatever the link is, the same answer for the same work (D3).

Work is what the database is asked and what is computed with secrets, counted: a clock would tell
more of the machine.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.core.clock import now
from app.core.crypto import new_token
from app.core.session import db
from app.invitations.models import Invitation
from app.invitations.service import revoke, set_expiry
from app.meetings.models import Invitee
from tests.factories.guests import Phone, codes_sent, make_link
from tests.factories.meetings import make_meeting

WRITES = ("SELECT", "INSERT", "UPDATE", "DELETE")
OF_SECRETS = ("hmac", "hashlib", "_hashlib", "cryptography", "secrets", "app.core.crypto")
# The name of somebody to write to is one field more to decrypt: some microseconds.
READ_OF_SOMEBODY = Counter({"app.core.crypto.decrypt": 1})
KINDS = ("valid", "expired", "revoked", "unknown", "no token at all", "somebody else's")


class Done(NamedTuple):
    """What one request did and what came back of it."""

    asked: Counter[str]  # of the database, by verb
    secrets: Counter[str]  # calls, by name
    answer: tuple[object, ...]


@pytest.fixture
def links(change: Any) -> dict[str, str]:
    with change() as session:
        meeting = make_meeting(session, invitees=5)
        _chair, police, health, school, other = meeting.invitees
        tokens = [make_link(session, one) for one in (police, health, school, other)]
        set_expiry(session, _invitation(session, health), now() - timedelta(minutes=1))
        revoke(session, _invitation(session, school), now())
    valid, expired, revoked, others = tokens
    return dict(
        zip(KINDS, (valid, expired, revoked, new_token(), "nothing-like-it", others), strict=True)
    )


def _invitation(session: Any, invitee: Invitee) -> Invitation:
    found: Invitation = session.get_one(Invitation, invitee.invitation_id)
    return found


@contextmanager
def counted(app: Flask) -> Iterator[tuple[Counter[str], Counter[str]]]:
    asked: Counter[str] = Counter()
    secrets: Counter[str] = Counter()
    with app.app_context():
        engine = db.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        verb = statement.split(maxsplit=1)[0].upper()
        if verb in WRITES:
            asked[verb] += 1

    def called(frame: FrameType, what: str, arg: Any) -> None:
        if what == "call":
            module, name = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        elif what == "c_call":
            module, name = getattr(arg, "__module__", None) or "", arg.__name__
        else:
            return
        if module.split(".")[0] in OF_SECRETS or module in OF_SECRETS:
            secrets[f"{module}.{name}"] += 1

    event.listen(engine, "before_cursor_execute", note)
    sys.setprofile(called)
    try:
        yield asked, secrets
    finally:
        sys.setprofile(None)
        event.remove(engine, "before_cursor_execute", note)


def same(answer: TestResponse, token: str) -> tuple[object, ...]:
    """An answer without what belongs to the browser: its forgery token, cookie and address."""
    own = r'(csrf_token" value=")[^"]+|(CSRFToken": ")[^"]+'
    headers = {
        name: value.replace(token, "T")
        for name, value in answer.headers
        if name not in ("Set-Cookie", "Content-Length")
    }
    cookies = sorted(one.partition("=")[0] for one in answer.headers.getlist("Set-Cookie"))
    text = re.sub(own, "", answer.text).replace(token, "T")
    return answer.status_code, text, tuple(sorted(headers.items())), tuple(cookies)


def each(
    app: Flask, links: dict[str, str], act: Callable[[Phone, str], TestResponse]
) -> dict[str, Done]:
    """What `act` does at each link, once the first of all has filled what is kept for later."""
    done = {}
    for kind, token in [("to begin with", new_token()), *links.items()]:
        answer, asked, secrets = act_counted(app, token, act)
        done[kind] = Done(asked, secrets, same(answer, token))
    del done["to begin with"]
    return done


def act_counted(
    app: Flask, token: str, act: Callable[[Phone, str], TestResponse]
) -> tuple[TestResponse, Counter[str], Counter[str]]:
    with counted(app) as (asked, secrets):
        answer = act(Phone(app), token)
        return answer, Counter(asked), Counter(secrets)


def ask(phone: Phone, token: str) -> TestResponse:
    return phone.post(f"/i/{token}/code-request", f"/i/{token}")


def give(phone: Phone, token: str, code: str = "000000") -> TestResponse:
    return phone.post(f"/i/{token}/code", f"/i/{token}/code", code=code)


def ask_and_give(phone: Phone, token: str) -> TestResponse:
    ask(phone, token)
    return give(phone, token)


def all_alike(done: dict[str, Done]) -> None:
    first = next(iter(done.values()))
    for kind, other in done.items():
        assert other.answer == first.answer, kind
        assert other.asked == first.asked, kind
        more = (first.secrets - other.secrets) + (other.secrets - first.secrets)
        assert more <= READ_OF_SOMEBODY, (kind, more)


def test_a_code_that_was_never_asked_for(app: Flask, links: dict[str, str]) -> None:
    done = each(app, links, give)
    all_alike(done)
    assert done["valid"].answer[0] == 422 and done["valid"].secrets


def test_a_code_asked_for(app: Flask, links: dict[str, str], change: Any) -> None:
    all_alike(each(app, links, ask))
    with change() as session:
        assert len(codes_sent(session)) == 2  # to whoever may come in, and to nobody else


def test_a_wrong_code_for_one_that_was_asked_for(app: Flask, links: dict[str, str]) -> None:
    done = each(app, links, ask_and_give)
    all_alike(done)
    assert done["valid"].answer[0] == 422


def test_the_right_code_of_another_link(app: Flask, links: dict[str, str], change: Any) -> None:
    """Asked for with the valid link, in the same browser, and given at each of the others."""
    done = {}
    for kind in (KINDS[1], *KINDS[1:]):  # the first twice: it fills what is kept for later
        phone = Phone(app)
        ask(phone, links["valid"])
        with change() as session:
            _to, code = codes_sent(session)[-1]
        token = links[kind]
        with counted(app) as (asked, secrets):
            answer = give(phone, token, code)
        done[kind] = Done(asked, secrets, same(answer, token))
    all_alike(done)
    assert done["expired"].answer[0] == 422
