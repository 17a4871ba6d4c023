"""The declarative base and the column types every table is made of.

Pure SQLAlchemy: models import this and nothing of Flask. The session and `transaction()` live in
`app.core.session`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase, registry

from app.core.crypto import FieldCipher, field_cipher

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """A moment. Refuses a naive datetime, always gives back UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset cannot be stored")
        moment = value.astimezone(UTC)
        # SQLite keeps text: one form, so that text order is time order.
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text that only a holder of FIELD_KEYS can read (H6). Cannot be searched or compared."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher().decrypt(value.encode()).decode()


class EncryptedDate(TypeDecorator[date]):
    """A calendar day that only a holder of FIELD_KEYS can read: a date of birth (H6)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher().encrypt(value.isoformat().encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        if value is None:
            return None
        return date.fromisoformat(cipher().decrypt(value.encode()).decode())


class EncryptedBytes(TypeDecorator[bytes]):
    """Bytes that only a holder of FIELD_KEYS can read (H6)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else cipher().encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else cipher().decrypt(bytes(value))


def cipher() -> FieldCipher:
    return field_cipher


def values_of(kind: type[enum.Enum], name: str = "") -> Enum:
    """An enum column stored by value, held to its members by a CHECK, named after the enum: a
    second column of a table with the same enum gives a `name`."""
    return Enum(
        kind,
        name=f"{name or kind.__name__.lower()}_known",
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [cast(str, member.value) for member in members],
    )


class Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UTCDateTime(), str: Text()},
    )

    def __repr__(self) -> str:
        # Never the content: a repr ends in logs.
        key: Any = getattr(self, "id", None)
        return f"<{type(self).__name__} {key}>"


def only_where(condition: str) -> dict[str, Any]:
    """For an `Index` of the rows alone that meet this condition, on either engine."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_IN_CODE = re.compile(r"[a-z0-9_]+")


def literally(value: enum.Enum | int) -> ColumnElement[Any]:
    """A value of this code written out in a statement, `state = 'needed'`, so that the partial
    index made for it serves. Written once, where a bound one would be put in at each execution."""
    words = str(value.value if isinstance(value, enum.Enum) else value)
    if not _IN_CODE.fullmatch(words):
        raise ValueError(f"{words!r} is not written into a statement")
    return literal_column(words if isinstance(value, int) else f"'{words}'")


def any_of(values: Iterable[enum.Enum]) -> list[ColumnElement[Any]]:
    """Values of this code for `in_` and `not_in`. A list of bound ones is put into the text of its
    statement at each execution, however long that is."""
    return [literally(value) for value in values]


def table(model: type[Base]) -> Table:
    """The model's table. A statement made of its columns costs a third of one that goes through
    the mapper, and gives rows: for what every page asks."""
    return cast(Table, model.__table__)
