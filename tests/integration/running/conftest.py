"""An installation with something in it, and a second, empty database to restore into."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.accounts.models import StaffSession
from app.accounts.types import Role
from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.core.clock import now
from app.core.session import db, transaction
from app.outbox import service
from tests.conftest import settings_for
from tests.factories.accounts import make_staff
from tests.factories.mail import make_message
from tests.factories.referrals import make_child
from tests.postgresql import PrivatePostgres

_numbers = itertools.count(1)


@pytest.fixture
def empty_url(
    engine_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], str]]:
    """`empty_url()`: the address of a database with nothing in it, of the engine under test."""
    made: list[str] = []

    def make() -> str:
        name = f"restored_{next(_numbers)}"
        if engine_name == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite3"
        made.append(name)
        server: PrivatePostgres = request.getfixturevalue("postgres")
        return server.create(name)

    yield make
    for name in made:
        request.getfixturevalue("postgres").drop(name)


@pytest.fixture
def app_on(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """`app_on(url)`: the application on that database, closed afterwards."""
    opened: list[Flask] = []

    def make(url: str, **changes: object) -> Flask:
        opened.append(create_app(settings_for(tmp_path, url, **changes)))
        return opened[-1]

    yield make
    for app in opened:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def filled(app):
    """Somebody signed in, a child, a chain of fifty, two letters that wait."""
    with app.app_context(), transaction() as session:
        staff = make_staff(session, Role.CHAIR)
        make_child(session, "Amara")
        moment = now()
        session.add(
            StaffSession(
                staff_id=staff.id, token_digest="d" * 64, passed_second_factor_at=moment,
                started_at=moment, last_seen_at=moment, reauthenticated_at=moment, ended_at=None,
            )
        )  # fmt: skip
        for number in range(50):
            record(session, SYSTEM, "something done", Subject("test", str(number)), moment)
        service.enqueue_all(session, [make_message(), make_message()], moment)
    return app
