"""The past of an area, multiplied: cases that are over, with everything that hangs on them.

What is over in an example area is copied as often as asked for, each time some hours further back,
at the pace of a busy council: fifty thousand referrals a year, the newest of them two months old.
What is open, due or coming stays as many as the area has, because that is how a council grows:
what it has to do today does not grow with its years, what it did does. (`still_open` counts it.)

What is taken stands in `bench/past.py`, how it is copied in `bench/copying.py`. Names and days of
birth are those of made children (`bench/names.py`), one for every two referrals, encrypted and
keyed as the product does it; other ciphertext is used again.
"""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.orm import Session

from app.core.database import Base
from app.core.session import db
from bench.copying import Copying
from bench.names import Names
from bench.past import OF_THE_PAST, Past, number


class Filled(NamedTuple):
    """How much there is: referrals, rows of all tables."""

    referrals: int
    rows: int


def fill(app: Flask, referrals: int, names: Names) -> Filled:
    """Bring an area that was never filled to so many referrals; all new ones are over."""
    with app.app_context():
        url = db.engine.url
        db.session.remove()
        db.engine.dispose()
    with _quick(url) as connection:
        past = Past(connection)
        past.take()
        copying = Copying(past)
        rows = copying.copy(referrals, names)
        found = number(connection, "SELECT count(*) FROM referral")
        connection.commit()
        if not copying.sqlite:
            # As its own upkeep does in the minutes after rows came in.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            _of_the_server(connection, "RESET autovacuum")
            connection.execute(text("VACUUM ANALYZE"))
        connection.engine.dispose()
    return Filled(found, rows)


def still_open(session: Session) -> dict[str, int]:
    """By index, how many rows wait for somebody: every partial index but those of the past."""
    dialect = session.get_bind().dialect.name
    found = {}
    for table_ in Base.metadata.sorted_tables:
        for index in table_.indexes:
            where = index.dialect_options[dialect].get("where")
            if where is not None and index.name not in OF_THE_PAST:
                counted = text(f'SELECT count(*) FROM "{table_.name}" WHERE {where}')
                found[str(index.name)] = session.execute(counted).scalar_one()
    return found


def _quick(url: URL) -> Connection:
    """A connection that checks no key and waits for no disk: these rows can be made again."""
    if url.get_backend_name() == "sqlite":
        from pysqlite3 import dbapi2

        connection = create_engine(url, module=dbapi2).connect()
        # Back to WAL with the first connection of the area.
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "secure_delete=OFF",
                       "journal_mode=OFF", "temp_store=MEMORY", "cache_size=-400000"):  # fmt: skip
            connection.exec_driver_sql(f"PRAGMA {pragma}")
    else:
        connection = create_engine(url).connect()
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("SET maintenance_work_mem = '512MB'"))
        connection.commit()
        # Its upkeep would go through every table while it fills; `fill` asks for it at the end.
        connection.execution_options(isolation_level="AUTOCOMMIT")
        _of_the_server(connection, "SET autovacuum = off")
        connection.commit()  # nothing is held back; the mode changes only after it
        connection.execution_options(isolation_level="READ COMMITTED")
    connection.commit()
    return connection


def _of_the_server(connection: Connection, change: str) -> None:
    """Change a setting of this PostgreSQL, on which stand the measured areas alone."""
    connection.execute(text(f"ALTER SYSTEM {change}"))
    connection.execute(text("SELECT pg_reload_conf()"))
