"""What applications of one test run share, because each of them would make the very same again.

A test has an application and a database of its own, so a run makes thousands of them. What they
share holds no state: compiled templates, addresses and statements, and the shipped protocols.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

import app
from app.core.session import db

_STATEMENTS = 3000  # more than the application has


class _Templates(BytecodeCache):
    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


class _Statements(LRUCache[Any, Any]):
    """Compiled statements of one kind of database. SQLAlchemy's key begins with the dialect, and
    each engine has a dialect of its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


def _addresses() -> Any:
    """`Rule.compile` that takes the parts over from the same rule of an earlier application."""
    compiled: dict[Hashable, dict[str, Any]] = {}
    arguments: dict[Hashable, frozenset[str]] = {}
    original = Rule.compile
    made = ("_parts", "_trace", "_converters", "_build", "_build_unknown")

    def compile_once(rule: Rule) -> None:
        key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults))
        if key not in compiled:
            original(rule)
            compiled[key] = {name: getattr(rule, name) for name in made}
            arguments[key] = frozenset(rule.arguments)
            return
        rule.arguments |= arguments[key]  # found by compiling; tests ask for them
        for name, value in compiled[key].items():
            bound = value.__func__.__get__(rule) if name.startswith("_build") else value
            setattr(rule, name, bound)

    return compile_once


@contextmanager
def made_once() -> Iterator[None]:
    """As long as this is open."""
    statements = {name: _Statements(_STATEMENTS) for name in ("sqlite", "postgresql")}
    make_engine = type(db)._make_engine

    def engine(self: Any, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        kept = statements[make_url(options["url"]).get_backend_name()]
        return make_engine(
            self, bind_key, options | {"execution_options": {"compiled_cache": kept}}, app
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", _Templates())
        patch.setattr(Rule, "compile", _addresses())
        patch.setattr(type(db), "_make_engine", engine)
        patch.setattr(app, "load_protocols", functools.cache(app.load_protocols))
        yield
