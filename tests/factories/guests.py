"""Links, guest sessions and browsers of invited people for tests."""

from __future__ import annotations

import re
from datetime import datetime
from email import message_from_bytes, policy

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.invitations.models import GuestSession, Invitation
from app.invitations.service import new_link
from app.meetings.models import Invitee
from app.outbox.models import OutboxMessage
from tests.page_form import mark_of

_ANY_TOKEN = re.compile(r'name="(?:[\w-]+-)?csrf_token" value="([^"]+)"')


def make_link(session: Session, invitee: Invitee, at: datetime | None = None) -> str:
    """The token of a link that was sent to this invitee."""
    return new_link(session, session.get_one(Invitation, invitee.invitation_id), at or now())


def make_guest_session(session: Session, invitee: Invitee, at: datetime | None = None) -> str:
    """The token of a session that a code opened."""
    token, moment = new_token(), at or now()
    assert invitee.invitation_id is not None
    session.add(
        GuestSession(
            token_digest=token_digest(token),
            invitation_id=invitee.invitation_id,
            person_name=None,
            person_role=None,
            started_at=moment,
            last_seen_at=moment,
            ended_at=None,
        )
    )
    session.flush()
    return token


class Phone:
    """A browser that presses the buttons of pages: it takes the token of a page it was shown."""

    def __init__(self, app: Flask, session_token: str | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        if session_token:
            self.client.set_cookie("guest", session_token)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, page: str, prefix: str = "", **fields: object) -> TestResponse:
        """Fill the form of `page` whose fields start with `prefix` and send it to `path`."""
        shown = self.client.get(page).text
        found = _ANY_TOKEN.search(shown)
        assert found, f"no form on {page}"
        named = {f"{prefix}-{name}" if prefix else name: value for name, value in fields.items()}
        nonce = re.search(rf'name="{prefix}-nonce" value="([^"]+)"', shown)
        if nonce and f"{prefix}-nonce" not in named:
            named[f"{prefix}-nonce"] = nonce[1]
        version = re.search(rf'name="{prefix}-version" value="([^"]+)"', shown)
        if version and f"{prefix}-version" not in named:
            named[f"{prefix}-version"] = version[1]
        told = re.search(rf'name="{prefix}-shown"[^>]* value="([^"]*)"', shown)
        if told and f"{prefix}-shown" not in named:
            named[f"{prefix}-shown"] = told[1]
        own = f"{prefix}-csrf_token" if prefix else "csrf_token"
        return self.client.post(path, data={own: found[1], **mark_of(shown), **named})


def codes_sent(session: Session) -> list[tuple[str, str]]:
    """(recipient, six digits) of every code in the outbox, oldest first."""
    found = []
    for row in session.execute(
        select(OutboxMessage).where(OutboxMessage.kind == "code").order_by(OutboxMessage.id)
    ).scalars():
        assert row.content
        message = message_from_bytes(row.content, policy=policy.default)
        body = message.get_body(("plain",))
        assert body
        digits = re.search(r"\b(\d{3}) ?(\d{3})\b", body.get_content())
        assert digits, body.get_content()
        found.append((row.recipient, digits[1] + digits[2]))
    return found
