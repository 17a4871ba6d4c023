"""New keys for protected fields: every value read with any key and written with the first (H6).

Works on the stored text itself and knows no table by name, so that a new protected column is
rotated from its first day. Runs in batches beside people who work: each batch is a transaction of
the caller, and what was done is never done again, so that it can be stopped at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Table,
    Text,
    bindparam,
    inspect,
    select,
    tuple_,
)
from sqlalchemy import column as plain_column
from sqlalchemy import table as plain_table
from sqlalchemy.orm import Session

from app.core.crypto import UnreadableField
from app.core.database import Base, EncryptedBytes, EncryptedDate, EncryptedText, cipher

BATCH = 200
_ENCRYPTED = (EncryptedText, EncryptedBytes, EncryptedDate)


@dataclass(frozen=True, slots=True)
class Protected:
    """The protected columns of one table."""

    table: Table
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did. `last` is the key to go on from; None when the table is finished."""

    seen: int
    rewritten: int
    last: tuple[Any, ...] | None


def protected_tables() -> Iterator[Protected]:
    """Every table with protected columns, in an order that is the same each time."""
    for table in Base.metadata.sorted_tables:
        columns = tuple(c.name for c in table.columns if isinstance(c.type, _ENCRYPTED))
        if columns:
            yield Protected(table, columns)


def rotate_batch(
    session: Session,
    protected: Protected,
    keys: Sequence[str],
    after: tuple[Any, ...] | None,
    size: int = BATCH,
) -> Batch:
    """Rewrite the next rows after `after` with the first of `keys`; rows that have it are left.

    Raises UnreadableField when a value fits none of the keys, naming table and column.
    """
    first, others = Fernet(keys[0]), [Fernet(key) for key in keys[1:]]
    table, key, stored = _as_stored(protected)
    statement = select(*key, *stored).order_by(*key).limit(size).with_for_update()
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    rows = session.execute(statement).all()
    rewritten = 0
    for row in rows:
        changed = {
            name: renewed
            for name in protected.columns
            if (renewed := _renewed(row._mapping[name], first, others, protected, name)) is not None
        }
        if not changed:
            continue
        this_row = [column == bindparam(f"key_{column.name}") for column in key]
        session.execute(
            table.update().where(*this_row).values(changed),
            {f"key_{column.name}": row._mapping[column.name] for column in key},
        )
        rewritten += 1
    last = tuple(rows[-1])[: len(key)] if len(rows) == size else None
    return Batch(len(rows), rewritten, last)


def unreadable(session: Session) -> Iterator[str]:
    """Each protected column, as table.column, whose oldest or newest value fits no key in use.

    A backup of an earlier version is looked through before its migrations are run: what it has not
    yet holds nothing.
    """
    there = inspect(session.connection())
    tables = set(there.get_table_names())
    for protected in protected_tables():
        if protected.table.name not in tables:
            continue
        columns = {one["name"] for one in there.get_columns(protected.table.name)}
        table, key, stored = _as_stored(protected)
        for column in stored:
            if column.name not in columns:
                continue
            filled = select(column).where(column.is_not(None)).limit(1)
            ends = (filled.order_by(*key), filled.order_by(*(one.desc() for one in key)))
            if not all(_fits(session.execute(end).scalar()) for end in ends):
                yield f"{table.name}.{column.name}"


def _fits(value: str | bytes | None) -> bool:
    try:
        if value is not None:
            cipher().decrypt(value.encode() if isinstance(value, str) else bytes(value))
    except UnreadableField:
        return False
    return True


def _as_stored(
    protected: Protected,
) -> tuple[Any, list[ColumnElement[Any]], list[ColumnElement[Any]]]:
    """The table as the database holds it, without the types that would decrypt."""
    key = [plain_column(c.name, c.type) for c in protected.table.primary_key.columns]
    stored = [
        plain_column(
            name,
            LargeBinary if isinstance(protected.table.c[name].type, EncryptedBytes) else Text,
        )
        for name in protected.columns
    ]
    table = plain_table(protected.table.name, *key, *stored)
    return table, [table.c[c.name] for c in key], [table.c[c.name] for c in stored]


def _renewed(
    value: str | bytes | None,
    first: Fernet,
    others: Sequence[Fernet],
    protected: Protected,
    name: str,
) -> str | bytes | None:
    """The value under the first key, or None where it needs no change."""
    if value is None:
        return None
    token = value.encode() if isinstance(value, str) else bytes(value)
    if _opens(first, token) is not None:
        return None
    for other in others:
        content = _opens(other, token)
        if content is not None:
            renewed = first.encrypt(content)
            return renewed.decode() if isinstance(value, str) else renewed
    raise UnreadableField(
        f"A value in {protected.table.name}.{name} fits none of the FIELD_KEYS. "
        "Put the key it was written with back into FIELD_KEYS, at the end, and run this again."
    )


def _opens(key: Fernet, token: bytes) -> bytes | None:
    try:
        return key.decrypt(token)
    except InvalidToken:
        return None
