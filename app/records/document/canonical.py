"""One spelling of a record in bytes, so that its hash can be signed and found again (F3).

JSON in UTF-8 with sorted keys and no spare blanks, no floats, instants in UTC. Equal contents give
equal bytes on every machine and in every year; `from_canonical` gives the content back.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from app.records.document import types as shapes
from app.records.document.types import ReaderRecord, RecordContent, Withheld

CONTENT_FORMAT = "strategy-discussion-record/1"
COPY_FORMAT = "strategy-discussion-copy/1"


class CanonicalError(ValueError):
    """A content that cannot be spelled, or bytes that do not spell a content."""


def new_blinding() -> str:
    """A fresh random value of 256 bits for `RecordContent.blinding`, as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def canonical_bytes(content: RecordContent) -> bytes:
    """The bytes that are signed: the whole content, blinding included.

    Raises `CanonicalError` for a float, a naive time or text that is not Unicode. Source: F3.
    """
    return _dump({"format": CONTENT_FORMAT, "content": _plain(content)})


def canonical_sha256(content: RecordContent) -> str:
    """SHA-256 of `canonical_bytes` in hexadecimal: what the chair signs, on every copy (F3)."""
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def from_canonical(stored: bytes) -> RecordContent:
    """The content that `canonical_bytes` spelled.

    Raises `CanonicalError` where the bytes are not exactly the canonical spelling of a content,
    so that a stored content that was touched is never read as if it were whole.
    """
    try:
        document = json.loads(stored)
        if not isinstance(document, dict) or document.get("format") != CONTENT_FORMAT:
            raise CanonicalError(f"This is not a content of the format {CONTENT_FORMAT}.")
        content = _read(document.get("content"), RecordContent, {})
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CanonicalError(f"The stored content is not JSON: {error}") from error
    assert isinstance(content, RecordContent)
    if canonical_bytes(content) != stored:
        raise CanonicalError("The stored content is not in its canonical spelling.")
    return content


def copy_json(copy: ReaderRecord) -> bytes:
    """The machine-readable copy for one reader: what they may see, and the hash of the whole (F3).

    Laid out for people too; the order is fixed, so a copy made again has the same bytes.
    """
    reader = copy.reader
    document = {
        "format": COPY_FORMAT,
        "copy_for": {"name": reader.name, "role": reader.role, "agency": reader.agency},
        "canonical_sha256": copy.canonical_sha256,
        "record": _plain(copy.view),
        **({"extract": _plain(copy.extract)} if copy.extract else {}),
    }
    return _dump(document, indent=1)


def _dump(document: Mapping[str, object], indent: int | None = None) -> bytes:
    separators = (",", ": ") if indent else (",", ":")
    spelled = json.dumps(
        document,
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=separators,
    )
    try:
        return spelled.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError(
            "A text holds half a character (a lone surrogate): ask for it to be typed again."
        ) from error


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise CanonicalError(f"The time {value.isoformat()} has no time zone: make it aware.")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Withheld):
        return {"withheld": value.kind.value}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(held)
            for field in fields(value)
            if (held := getattr(value, field.name)) is not None or not field.metadata
        }
    raise CanonicalError(f"A record cannot hold a {type(value).__name__}: give it as text.")


def _read(value: object, hint: Any, bound: Mapping[Any, Any]) -> object:
    """Read one JSON value as the type that the field declares; `bound` settles type variables."""
    if isinstance(hint, TypeVar):
        hint = bound[hint]
    origin = get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise CanonicalError("A list is missing in the stored content.")
        return tuple(_read(item, get_args(hint)[0], bound) for item in value)
    if origin in (Union, UnionType):
        return _read_union(value, get_args(hint), bound)
    shape = origin or hint
    if is_dataclass(shape):
        return _read_shape(value, shape, hint, bound)
    return _read_scalar(value, shape)


def _read_union(value: object, options: tuple[Any, ...], bound: Mapping[Any, Any]) -> object:
    options = tuple(bound[option] if isinstance(option, TypeVar) else option for option in options)
    if value is None and NoneType in options:
        return None
    if datetime in options and date in options:
        is_instant = isinstance(value, str) and "T" in value
        return _read_scalar(value, datetime if is_instant else date)
    if isinstance(value, str) and str in options:
        return value
    remaining = [option for option in options if option not in (NoneType, str)]
    if len(remaining) != 1:
        raise CanonicalError("A value in the stored content has the wrong type.")
    return _read(value, remaining[0], bound)


def _read_shape(value: object, shape: Any, hint: Any, bound: Mapping[Any, Any]) -> object:
    names = {field.name for field in fields(shape)}
    later = {field.name for field in fields(shape) if field.metadata}
    if not isinstance(value, dict) or not names - later <= set(value) <= names:
        raise CanonicalError(f"A {shape.__name__} in the stored content lacks or adds fields.")
    inner = dict(zip(getattr(shape, "__parameters__", ()), get_args(hint), strict=False))
    inner = {name: bound.get(given, given) for name, given in inner.items()}
    hints = get_type_hints(shape, vars(shapes))
    try:
        return shape(**{name: _read(value[name], hints[name], inner) for name in value})
    except ValueError as error:
        raise CanonicalError(str(error)) from error


def _read_scalar(value: object, kind: Any) -> object:
    try:
        if kind is datetime and isinstance(value, str) and value.endswith("Z"):
            return datetime.fromisoformat(value)
        if kind is date and isinstance(value, str):
            return date.fromisoformat(value)
        if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
            return kind(value)
    except ValueError as error:
        raise CanonicalError(f"A value in the stored content cannot be read: {error}") from error
    if kind in (str, bool, int) and type(value) is kind:
        return value
    raise CanonicalError(f"A {getattr(kind, '__name__', kind)} is missing in the stored content.")
