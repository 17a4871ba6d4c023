"""The database session and the one way to change anything: `transaction()`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as BoundSession
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Executable,
    Result,
    Select,
    event,
    make_url,
)
from sqlalchemy.orm import QueryableAttribute, Session

from app.core.bell import is_to_ring, ring
from app.core.config import SETTINGS
from app.core.database import Base

if TYPE_CHECKING:
    import psycopg

# Versions 3.7.0 to 3.51.2 can corrupt a database in WAL mode.
SAFE_SQLITE = (3, 51, 3)
# A page must end before gunicorn ends its process, after thirty seconds. So a machine that does not
# answer counts as away after five, and one that no longer takes what is sent to it after ten
# (milliseconds); a DATABASE_URL may ask for other figures. Who holds a row keeps others waiting so
# long at most.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
LONGEST_LOCK = "20s"


class PageSession(BoundSession):
    """The session of the mapper, which asks for rows without it.

    Most statements of a page select columns. The mapper has nothing to do with what they give, and
    takes nearly as long as everything else about them.
    """

    def execute(self, statement: Executable, params: Any = None, **options: Any) -> Result[Any]:
        """As the mapper's, objects included. What it holds and has not sent goes first."""
        if options or not _gives_rows(statement) or self._holds_changes():
            return super().execute(statement, params, **options)
        return self.connection().execute(statement, params)

    def _holds_changes(self) -> bool:
        return self.identity_map.check_modified() or bool(self.new) or bool(self.deleted)


# Statements are built once, so that each is looked at once.
_ROWS_ALONE: WeakKeyDictionary[Executable, bool] = WeakKeyDictionary()


def _gives_rows(statement: Executable) -> bool:
    """Whether a statement selects columns alone, and no object."""
    found = _ROWS_ALONE.get(statement)
    if found is None:
        found = _ROWS_ALONE[statement] = _selects_columns(statement)
    return found


def _selects_columns(statement: object) -> bool:
    if isinstance(statement, CompoundSelect):
        return all(_selects_columns(one) for one in statement.selects)
    return isinstance(statement, Select) and all(
        isinstance(one["expr"], ColumnElement | QueryableAttribute)
        for one in statement.column_descriptions
    )


db = SQLAlchemy(
    metadata=Base.metadata,
    disable_autonaming=True,
    session_options={"class_": PageSession, "expire_on_commit": False, "autoflush": True},
)


class UnsafeDatabase(RuntimeError):
    """The database library on this machine can lose data."""


def init_database(app: Flask, url: str) -> None:
    """Bind the application to its database and prepare each connection."""
    # Parameters hold what people typed: they must not reach a log through an error message.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        from pysqlite3 import dbapi2

        if dbapi2.sqlite_version_info < SAFE_SQLITE:
            raise UnsafeDatabase(
                f"SQLite {dbapi2.sqlite_version} can corrupt a database. "
                "Install the pysqlite3 wheel from requirements.txt."
            )
        options["module"] = dbapi2
        # It remembers the last 128 statements otherwise, which three pages ask. The longest takes
        # as long to read again as to answer.
        options["connect_args"] = {"timeout": 30, "cached_statements": 1_000}
    else:
        options["pool_pre_ping"] = True
        asked = make_url(url).query
        options["connect_args"] = {
            name: most for name, most in PATIENCE.items() if name not in asked
        }
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def prepare_engine(engine: Engine) -> None:
    """Give every connection the settings that durability and constraints rest on."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _ends_in_time)
        return

    @event.listens_for(engine, "connect")
    def _settings(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN is ours, below
        for pragma in (
            "foreign_keys=ON",
            "busy_timeout=30000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "trusted_schema=OFF",
            "recursive_triggers=ON",  # or REPLACE would get round what keeps signed rows
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _ends_in_time(connection: psycopg.Connection[Any], _record: object) -> None:
    # PostgreSQL compiles a statement that it thinks costly. Those of a page have many parts and
    # touch few rows, so that compiling takes longer than all else; so does starting processes to
    # share out rows that it guesses to be many.
    connection.autocommit = True  # or the settings would go with the first rollback
    connection.execute(
        "SET jit = off; SET max_parallel_workers_per_gather = 0; "
        f"SET lock_timeout = '{LONGEST_LOCK}'"
    )
    connection.autocommit = False


@contextmanager
def transaction() -> Iterator[Session]:
    """One change: state, audit row and outgoing mail commit together or not at all (H4).

    Stands only in routes, commands and the worker, round one service call. What was read before
    is read again, so that decisions rest on what is true now, not on what the page showed.
    """
    session: Session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside transaction()")
    session.rollback()
    session.connection(execution_options={"writes": True})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        is_to_ring(session)
        raise
    if is_to_ring(session):
        ring(SETTINGS.here().data_dir)


def reading() -> Session:
    """The session for reads: a GET takes this and changes nothing."""
    session: Session = db.session()
    return session
