"""`bench/run growth` cannot break unseen: an area is filled with a past, and every page is asked.

On both databases; no browser, for what is asked for are the addresses alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Select, column, create_engine, func, insert, select, table, text
from sqlalchemy.engine import Connection

from app import create_app
from app.core.config import Settings
from app.core.database import Base
from app.core.session import db, reading
from app.directory.models import Professional
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import Referral, ReferralChild
from bench.every_page import Get, Page, every_page
from bench.filling import fill, still_open
from bench.names import names_for
from tests.e2e.conftest import copy_of
from tests.postgresql import PrivatePostgres

CHILDREN = 50
MANY = 60  # pages that there are, at the least
_SIBLINGS = (
    select(ReferralChild.referral_id)
    .group_by(ReferralChild.referral_id)
    .having(func.count() > 1)
    .subquery()
)
_BOUNCED = select(func.count(OutboxMessage.id)).where(OutboxMessage.state == MessageState.BOUNCED)


def test_the_first_start_fills_a_busy_week(example_week: Path) -> None:
    """About 120 referrals, siblings, mail that came back, duty desks (I1)."""
    engine = create_engine(f"sqlite:///file:{example_week / 'strategy.sqlite3'}?mode=ro&uri=true")
    with engine.connect() as connection:

        def count(statement: Select[tuple[int]]) -> int:
            return connection.execute(statement).scalar_one()

        assert 115 <= count(select(func.count(Referral.id))) <= 125
        assert count(select(func.count()).select_from(_SIBLINGS)) > 20
        assert count(_BOUNCED) > 0
        assert count(select(func.count(Professional.id)).where(Professional.is_team)) > 3
    engine.dispose()


def _filled_from(source: Connection, target: Connection) -> None:
    """Every row of an area on SQLite, as it is stored: what is encrypted stays so."""
    target.execute(text("SET session_replication_role = replica"))
    for one in Base.metadata.sorted_tables:
        stored = table(
            one.name, *(column(each.name, getattr(each.type, "impl_instance", each.type))
                        for each in one.columns)
        )  # fmt: skip
        target.execute(stored.delete())
        if rows := [dict(row) for row in source.execute(select(stored)).mappings()]:
            target.execute(insert(stored), rows)
        if "id" in one.columns:
            target.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{one.name}', 'id'), max(id)) "
                    f'FROM "{one.name}" HAVING max(id) > 0'
                )
            )
    target.commit()


@pytest.fixture
def area(
    engine_name: str,
    example_week: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Flask]:
    folder = copy_of(example_week, tmp_path_factory)
    url = f"sqlite:///{folder / 'strategy.sqlite3'}"
    server: PrivatePostgres | None = None
    if engine_name == "postgresql":
        server = request.getfixturevalue("postgres")
        here = url
        url = server.create("filling", request.getfixturevalue("postgres_template"))
        source, target = create_engine(here), create_engine(url)
        with source.connect() as one, target.connect() as other:
            _filled_from(one, other)
        source.dispose()
        target.dispose()
    for name, value in (("EXAMPLE_AREA", "1"), ("DATA_DIR", str(folder)), ("DATABASE_URL", url)):
        monkeypatch.setenv(name, value)
    app = create_app(Settings.read())
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if server is not None:
        server.drop("filling")


def _asking(app: Flask) -> Get:
    """Each page once."""
    client, answers = app.test_client(use_cookies=False), dict[Page, tuple[int, bytes]]()

    def ask(page: Page) -> tuple[int, bytes]:
        if page not in answers:
            answer = client.get(page.path, headers={"Cookie": page.cookie})
            answers[page] = answer.status_code, answer.data
        return answers[page]

    return ask


def test_a_past_opens_nothing_and_every_page_answers(area: Flask) -> None:
    names = names_for(area, CHILDREN)
    with area.app_context():
        before = still_open(reading())
        referrals = reading().execute(select(func.count(Referral.id))).scalar_one()
        db.session.remove()
    assert fill(area, referrals + 1, names).referrals > referrals
    with area.app_context():
        # A table or an index that came since is to be named in bench/filling.py.
        assert still_open(reading()) == before
        if db.engine.dialect.name == "sqlite":
            assert reading().execute(text("PRAGMA foreign_key_check")).all() == []
        db.session.remove()
    ask = _asking(area)
    pages = every_page(area, area, ask, ask)
    wrong = {name: ask(one.few)[0] for name, one in pages.items() if ask(one.few)[0] >= 400}
    assert not wrong
    assert len(pages) > MANY
    assert any(name.endswith("next page") for name in pages)
