"""Looking through a database, whichever it is: is it whole, and what does it hold (H5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, func, inspect, select, table, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.audit.queries import head, verify_chain
from app.cli.backups.types import Facts
from app.core.crypto import KeysMissing, UnreadableField
from app.core.rotation import unreadable
from app.core.session import prepare_engine
from app.directory.queries import council_or_none

# Whether mail is held says how this copy came about, and no copy takes it along.
NOT_COUNTED = frozenset({"outbox_hold"})
_REVISION = text("SELECT version_num FROM alembic_version")
_EXAMPLE = text("SELECT example FROM installation")
_WAITING = text("SELECT count(*) FROM outbox_message WHERE state IN ('queued', 'sending')")


@contextmanager
def engine_for(url: URL) -> Iterator[Engine]:
    """An engine of its own for this database, closed afterwards."""
    options: dict[str, object] = {"hide_parameters": True, "poolclass": NullPool}
    if url.get_backend_name() == "sqlite":
        from pysqlite3 import dbapi2

        options["module"] = dbapi2
    engine = create_engine(url, **options)
    prepare_engine(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def in_one_file(database: Path) -> None:
    """Take what lies beside a closed SQLite database into its file."""
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(str(database))
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()


def facts_of(session: Session) -> Facts:
    """What this snapshot of a database holds."""
    names = sorted(set(inspect(session.connection()).get_table_names()) - NOT_COUNTED)
    last = head(session)
    return Facts(
        revision=str(session.execute(_REVISION).scalar_one()),
        example=bool(session.execute(_EXAMPLE).scalar_one()),
        counts={
            name: session.execute(select(func.count()).select_from(table(name))).scalar_one()
            for name in names
        },
        audit_head=None if last is None else str(last),
        mail_waiting=session.execute(_WAITING).scalar_one(),
    )


def protocol_of(session: Session) -> str | None:
    """The id of the protocol that the council works by; None before its settings were saved."""
    council = council_or_none(session)
    return None if council is None else council.protocol_id


def problems_of(session: Session) -> Iterator[str]:
    """Everything in this snapshot that is not whole, in words; nothing where all is well."""
    if session.get_bind().dialect.name == "sqlite":
        for (said,) in session.execute(text("PRAGMA integrity_check(20)")).all():
            if said != "ok":
                yield "the database file is damaged (integrity_check)"
                break
        if session.execute(text("PRAGMA foreign_key_check")).first() is not None:
            yield "rows point to rows that are not there (foreign_key_check)"
    try:
        yield from (f"{column} cannot be read with FIELD_KEYS" for column in unreadable(session))
        yield from (problem.problem for problem in verify_chain(session))
    except (UnreadableField, KeysMissing) as error:
        yield str(error)


def differences(wanted: Facts, found: Facts) -> list[str]:
    """What a restored database does not hold as its backup says."""
    said = []
    if found.revision != wanted.revision:
        said.append(f"its migrations are at {found.revision}, not at {wanted.revision}")
    if found.audit_head != wanted.audit_head:
        said.append("its audit ends elsewhere")
    said += [
        f"{name} holds {found.counts.get(name, 0):,} rows, not {count:,}"
        for name, count in wanted.counts.items()
        if found.counts.get(name) != count
    ]
    return said
