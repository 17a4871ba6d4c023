"""Browsers that are behind a door already: of staff, and of people with a link.

Signing in by hand and asking for a code have journeys of their own. A code of the second factor
works once, so that who signs in twice within half a minute waits for the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page
from pysqlite3 import dbapi2
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.clock import now
from app.core.config import Settings
from app.core.session import prepare_engine
from tests.factories.accounts import open_session

if TYPE_CHECKING:
    from tests.e2e.conftest import Area

STAFF_COOKIE = "desk"


def enter(page: Page, area: Area, address: str, *, fresh: bool = False) -> None:
    """The first page of this member of staff; `fresh` as if they had just shown again who they
    are."""
    value = staff_cookie(area, address, fresh=fresh)
    page.context.add_cookies([{"name": STAFF_COOKIE, "value": value, "url": area.url}])
    page.goto("/")


def staff_cookie(area: Area, address: str, *, fresh: bool = False) -> str:
    """Open a session of this member of staff; returns the cookie that a browser holds of it."""
    with changed(area) as session:
        staff_id = session.execute(select(Staff.id).where(Staff.email == address)).scalar_one()
        token = open_session(session, staff_id, now(), fresh=fresh)
    return signed(area, {"_user_id": token, "_fresh": True})


def signed(area: Area, held: dict[str, object]) -> str:
    """The cookie of a browser in which this is held."""
    signing = Flask(__name__)
    signing.secret_key = _settings(area).secret_key
    signer = SecureCookieSessionInterface().get_signing_serializer(signing)
    assert signer is not None
    return str(signer.dumps(held))


@contextmanager
def changed(area: Area) -> Iterator[Session]:
    """The database of an area, beside whoever serves it. Committed at the end."""
    url = _settings(area).database_url
    engine = create_engine(url, module=dbapi2, connect_args={"timeout": 30})
    prepare_engine(engine)
    try:
        with Session(engine) as session:
            session.connection(execution_options={"writes": True})
            yield session
            session.commit()
    finally:
        engine.dispose()


def _settings(area: Area) -> Settings:
    return Settings.read({"DATA_DIR": str(area.data_dir), "EXAMPLE_AREA": "1"})
