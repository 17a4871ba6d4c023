"""Expired, revoked, unknown, somebody else's: the same pages, the same work; and
codes are counted for the person, however many links they were sent (D3)."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.crypto import FieldCipher, new_token
from app.core.session import db
from app.guests import service
from app.invitations.models import AccessCode, Invitation
from app.invitations.rules import CODES_AN_HOUR
from app.invitations.service import redeem_code, revoke, set_expiry
from app.meetings.models import Invitee
from app.meetings.types import Answer
from app.referrals.sender import Sender
from tests.factories.guests import Phone, codes_sent, make_link
from tests.factories.meetings import make_meeting

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")


@pytest.fixture
def links(change: Any) -> dict[str, str]:
    with change() as session:
        meeting = make_meeting(session, invitees=4)
        _chair, police, health, school = meeting.invitees
        found = {
            "valid": make_link(session, police),
            "expired": make_link(session, health),
            "revoked": make_link(session, school),
            "unknown": new_token(),
        }
        held = session.get_one(Invitation, health.invitation_id)
        set_expiry(session, held, now() - timedelta(minutes=1))
        revoke(session, session.get_one(Invitation, school.invitation_id), now())
    return found


def test_codes_are_counted_for_the_person_not_for_the_link(in_app: Any, change: Any) -> None:
    with change() as session:
        invitee = make_meeting(session).invitees[1]
        links = [make_link(session, invitee) for _ in range(CODES_AN_HOUR + 3)]
    moment = now()
    for token in links:
        with change() as session:
            service.request_code(session, token, f"browser of {token}", SENDER, moment)
    with change() as session:
        # The last is kept for a browser that came in before.
        assert len(codes_sent(session)) == CODES_AN_HOUR - 1
    with change() as session:
        service.request_code(session, links[0], "later", SENDER, moment + timedelta(minutes=61))
        assert len(codes_sent(session)) == CODES_AN_HOUR


def test_one_persons_codes_do_not_count_for_another(in_app: Any, change: Any) -> None:
    with change() as session:
        one, other = make_meeting(session, invitees=3).invitees[1:]
        first, second = make_link(session, one), make_link(session, other)
    for _ in range(CODES_AN_HOUR + 1):
        with change() as session:
            service.request_code(session, first, "browser", SENDER, now())
    with change() as session:
        service.request_code(session, second, "browser", SENDER, now())
        first_to, *_, last_to = [to for to, _ in codes_sent(session)]
        assert len(codes_sent(session)) == 5 and last_to != first_to


def test_a_code_of_one_persons_link_opens_no_other(in_app: Any, change: Any) -> None:
    with change() as session:
        one, other = make_meeting(session, invitees=3).invitees[1:]
        mine, theirs = make_link(session, one), make_link(session, other)
        service.request_code(session, mine, "browser", SENDER, now())
        [(_to, code)] = codes_sent(session)
        assert redeem_code(session, theirs, "browser", code, now()) is None
        assert redeem_code(session, mine, "browser", code, now()) is not None


@pytest.fixture
def work(in_app: Any, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is done from now on, by kind: rows asked for and written, digests, fields
    encrypted. Counted and not timed: a busy machine changes nothing. Fields read are left out: a
    process remembers the short ones, and a link on file has a few of them more."""
    done: Counter[str] = Counter()

    @event.listens_for(db.engine, "before_cursor_execute")
    def _note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # An answer changes its own row; what is made for nobody is undone instead.
        if (verb := statement.split()[0]) in ("SELECT", "INSERT"):
            done[verb] += 1

    def count(holder: Any, name: str) -> None:
        inner = getattr(holder, name)

        def counted(*args: Any, **named: Any) -> Any:
            done[name] += 1
            return inner(*args, **named)

        monkeypatch.setattr(holder, name, counted)

    count(hashlib, "sha256")
    count(hmac, "digest")
    count(FieldCipher, "encrypt")
    return done


def _each(work: Counter[str], links: dict[str, str], ask: Any) -> dict[str, Counter[str]]:
    """The work of one request by kind of link; the first of all is not counted, it makes the
    audit's head and fills what a process remembers."""
    ask(new_token())
    seen = {}
    for kind, token in links.items():
        work.clear()
        ask(token)
        seen[kind] = Counter(work)
    return seen


def _is_the_same(seen: dict[str, Counter[str]]) -> None:
    assert all(one == seen["unknown"] for one in seen.values()), seen


def test_a_link_takes_the_same_work_whatever_it_is(
    app: Any, work: Counter[str], links: dict[str, str]
) -> None:
    client = app.test_client()
    seen = _each(work, links, lambda token: client.get(f"/i/{token}"))
    _is_the_same(seen)
    assert seen["unknown"]["SELECT"]


def test_asking_for_a_code_takes_the_same_work(
    change: Any, work: Counter[str], links: dict[str, str]
) -> None:
    def ask(token: str) -> None:
        with change() as session:
            service.request_code(session, token, "browser", SENDER, now())

    seen = _each(work, links, ask)
    _is_the_same(seen)
    for kind in ("SELECT", "INSERT", "sha256", "digest", "encrypt"):
        assert seen["unknown"][kind], kind


def test_an_answer_without_a_code_takes_the_same_work(
    change: Any, work: Counter[str], links: dict[str, str]
) -> None:
    def press(token: str) -> None:
        with change() as session:
            service.answer_without_code(session, token, True, now())

    seen = _each(work, links, press)
    _is_the_same(seen)
    assert seen["unknown"]["INSERT"] and seen["unknown"]["sha256"]


def test_a_press_that_notes_nothing_stands_in_the_audit(
    in_app: Any, change: Any, links: dict[str, str]
) -> None:
    with change() as session:
        service.answer_without_code(session, links["unknown"], True, now())
        [entry] = session.execute(
            select(AuditEntry).where(AuditEntry.action == "pressed an answer at a link not in use")
        ).scalars()
        assert (entry.subject_kind, entry.subject_ref) == ("link", "not in use")
        assert links["unknown"] not in str(entry.details)


def test_an_answer_without_a_code_writes_for_nobody_but_the_invited(
    in_app: Any, change: Any, links: dict[str, str]
) -> None:
    for token in links.values():
        with change() as session:
            service.answer_without_code(session, token, True, now())
    with change() as session:
        answered = session.execute(
            select(func.count()).select_from(Invitee).where(Invitee.answer != Answer.NONE)
        ).scalar()
        assert answered == 1


def test_looking_at_a_link_asks_the_database_nothing_about_it(
    app: Any, links: dict[str, str]
) -> None:
    asked: list[str] = []
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    for token in links.values():
        Phone(app).get(f"/i/{token}")
    assert not [one for one in asked if "invitation" in one or "access_code" in one]
    with app.app_context():
        assert db.session.execute(select(func.count()).select_from(AccessCode)).scalar() == 0
