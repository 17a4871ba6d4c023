"""The session gives rows without the mapper, and what is changed with it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select, text, union_all

from app.core.session import db, transaction
from app.directory.models import Agency
from tests.factories.directory import make_agency

_NAMES = select(Agency.name)


def test_what_is_not_sent_yet_is_seen_by_a_statement_of_rows(in_app: Flask) -> None:
    with transaction() as session:
        agency = make_agency(session)
        session.flush()
        agency.name = "Changed and not sent"
        assert "Changed and not sent" in session.execute(_NAMES).scalars().all()
        session.add(type(agency)(kind=agency.kind, name="New and not sent"))
        both = session.execute(union_all(_NAMES, _NAMES)).scalars().all()
        assert both.count("New and not sent") == 2


def test_objects_come_from_the_mapper(in_app: Flask) -> None:
    with transaction() as session:
        agency = make_agency(session)
        session.flush()
        statement = select(Agency, Agency.name).where(Agency.id == agency.id)
        assert session.execute(statement).all() == [(agency, agency.name)]


def test_postgresql_compiles_nothing_and_shares_out_nothing_after_a_rollback(
    in_app: Flask,
) -> None:
    if db.engine.dialect.name == "sqlite":
        return
    with db.engine.connect() as connection:
        connection.rollback()
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"
        shared = connection.execute(text("SHOW max_parallel_workers_per_gather"))
        assert shared.scalar_one() == "0"
