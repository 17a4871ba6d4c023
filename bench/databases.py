"""One measurement on each database, in a folder of its own that is thrown away."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from tests.postgresql import PrivatePostgres

# In words, its folder, and the server where it has one.
Measure = Callable[[str, Path, PrivatePostgres | None], Iterator[str]]


def measured_on(databases: Collection[str], measure: Measure) -> Iterator[str]:
    """`databases` names those to be measured: sqlite, postgresql."""
    if "sqlite" in databases:
        with tempfile.TemporaryDirectory() as name:
            yield from measure("SQLite", Path(name), None)
    if "postgresql" in databases:
        with tempfile.TemporaryDirectory() as name, PrivatePostgres() as server:
            yield from measure("PostgreSQL", Path(name), server)
