"""An example area to measure in, and a signed-in cookie for it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.accounts.models import Staff, StaffRole
from app.accounts.types import Role
from app.cli.example.week import fill
from app.cli.install import bring_up_to_date
from app.core.clock import now
from app.core.config import Settings, make_example_keys
from app.core.session import transaction
from tests.factories.accounts import open_session


def make(folder: Path) -> Flask:
    """A filled example area in `folder`; also sets the environment for servers started after."""
    os.environ.update(EXAMPLE_AREA="1", DATA_DIR=str(folder))
    make_example_keys(folder)
    app = create_app(Settings.read())
    with app.app_context():
        bring_up_to_date(app)
        fill(app, "correct horse battery 7", now())
    return app


def somebody(session: Session, role: Role) -> int:
    """The number of one member of staff with this role, always the same."""
    found = select(Staff.id).join(StaffRole).where(StaffRole.role == role).order_by(Staff.id)
    return session.execute(found.limit(1)).scalar_one()


def cookie(app: Flask, role: Role) -> str:
    """The Cookie header of somebody with this role, both factors given."""
    with app.app_context(), transaction() as session:
        token = open_session(session, somebody(session, role), now())
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    # With the secret of its forms, as every browser holds it after its first page.
    value = signer.dumps({"_user_id": token, "_fresh": True, "csrf_token": secrets.token_hex(20)})
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"
