"""Runs migrations through the application's own engine, on SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection

from app.core.database import Base
from app.core.session import db


class BrokenReferences(RuntimeError):
    """A migration would leave rows that refer to nothing: nothing of it is kept."""


@contextmanager
def rebuilding(connection: Connection) -> Iterator[None]:
    """SQLite changes a constraint by rebuilding its table, and drops the former one, which rows
    that refer to it forbid. So they are looked at when all is done, before it is kept: SQLite,
    "Making Other Kinds Of Table Schema Changes". The setting is none inside a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise BrokenReferences(f"A row of {broken[0]} refers to no row of {broken[2]}")


with db.engine.connect() as connection, rebuilding(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=True,
        # On SQLite a migration is a transaction too.
        transactional_ddl=True,
        user_module_prefix="app.core.database.",
    )
    with context.begin_transaction():
        before = context.get_context().get_current_heads()
        if connection.dialect.name == "postgresql":
            # A backup that is being taken holds every table until it is done.
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        context.run_migrations()
        if context.get_context().get_current_heads() != before:
            check_references(connection)
