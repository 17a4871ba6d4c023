"""Staff and signed-in browsers for tests."""

from __future__ import annotations

import itertools
from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffRole, StaffSession
from app.accounts.types import Role
from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.core.session import transaction
from tests.clock import FRIDAY

_numbers = itertools.count(1)


def make_staff(session: Session, *roles: Role, name: str | None = None) -> Staff:
    number = next(_numbers)
    staff = Staff(
        name=name or f"Staff Member {number}",
        email=f"staff{number}@council.example",
        telephone="01632 960100",
        password_hash="not a hash: this person never types a password",
        must_set_password=False,
        totp_secret=None,
        totp_confirmed_at=FRIDAY,
        totp_last_step=None,
        failures=0,
        paused_until=None,
        ended_at=None,
        created_at=FRIDAY,
        roles=[StaffRole(role=role) for role in roles],
    )
    session.add(staff)
    session.flush()
    return staff


def open_session(session: Session, staff_id: int, moment: datetime, *, fresh: bool = True) -> str:
    """A session on the server, both factors given; returns its token."""
    token = new_token()
    session.add(
        StaffSession(
            staff_id=staff_id,
            token_digest=token_digest(token),
            passed_second_factor_at=moment,
            started_at=moment,
            last_seen_at=moment,
            reauthenticated_at=moment if fresh else None,
            ended_at=None,
        )
    )
    return token


def sign_in_as(browser: FlaskClient, staff_id: int) -> None:
    """Open a session on the server and give the browser its cookie. Needs an app context."""
    with transaction() as session:
        token = open_session(session, staff_id, now())
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
