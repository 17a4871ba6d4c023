"""Requests to agencies, and the browsers of those who were asked, for tests."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.invitations.models import GuestSession
from app.outbox.models import OutboxMessage
from app.referrals.checks import service
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Referral
from app.referrals.sender import Sender
from tests.factories.accounts import make_staff
from tests.factories.directory import make_professional
from tests.page_form import form_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")


def staff_actor(session: Session) -> Actor:
    staff = make_staff(session)
    return Actor(ActorKind.STAFF, staff.id, staff.name)


def make_check(
    session: Session, referral: Referral, at: datetime | None = None, *, is_team: bool = False
) -> AgencyCheck:
    """A request by mail to somebody new."""
    person = make_professional(session, is_team=is_team)
    actor = staff_actor(session)
    moment = at or now()
    return service.ask(session, actor, referral, [person.id], "What is held?", SENDER, moment)[0]


def open_link(session: Session, invitation_id: int) -> str:
    """The token of a session that a code opened."""
    token, moment = new_token(), now()
    session.add(
        GuestSession(
            token_digest=token_digest(token), invitation_id=invitation_id, person_name=None,
            person_role=None, started_at=moment, last_seen_at=moment, ended_at=None,
        )
    )  # fmt: skip
    session.flush()
    return token


class Fresh(FlaskClient):
    """Each request starts with nothing of the one before, also in tests that hold an application
    context open, in which Flask keeps who asked."""

    def open(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def,override]
        for name in list(g) if has_app_context() else []:
            g.pop(name)
        return super().open(*args, **kwargs)  # type: ignore[arg-type]


def asked_browser(app: Flask, token: str = "") -> FlaskClient:
    """A browser without a signed-in person; with a token it holds that session."""
    browser = app.test_client()
    if token:
        browser.set_cookie("request", token)
    return browser


def mails(session: Session, kind: str) -> list[OutboxMessage]:
    """What is in the outbox of this kind, the oldest first."""
    found = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
    return list(session.execute(found).scalars())


def link_of(message: OutboxMessage) -> str:
    """The path of the link in a letter."""
    from email import message_from_bytes, policy

    assert message.content
    body = message_from_bytes(message.content, policy=policy.default).get_body(("plain",))
    assert body
    found = re.search(r"https?://[^/\s]+(/r/\S+)", body.get_content())
    assert found, body.get_content()
    return found[1]


def press(browser: FlaskClient, page: str, action: str, **changes: object):
    """Send the form of `page` that posts to `action`, with these changes."""
    fields = form_of(browser.get(page).text, action)
    return browser.post(action, data=fields | changes)
