"""Restoring a backup into an empty database, and looking through what came of it (H5, H4)."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.cli.backups import postgresql
from app.cli.backups.looking import (
    differences,
    engine_for,
    facts_of,
    in_one_file,
    problems_of,
)
from app.cli.backups.sealed import Opening
from app.cli.backups.types import DATABASE, MANIFEST, PROTOCOLS, BackupFailed, Facts, Manifest
from app.core.crypto import new_token
from app.outbox.service import hold

_PIECE = 1 << 20
# Kept until the connection ends.
_ONE_AT_A_TIME = text("SELECT pg_try_advisory_lock(hashtext('restore drill'))")
_LEFT_OVER = text("SELECT datname FROM pg_database WHERE starts_with(datname, :mark)")


@contextmanager
def opened(
    file: Path, field_keys: Sequence[str], near: Path | None = None
) -> Iterator[tuple[Manifest, Path]]:
    """The backup unpacked into a folder that is gone afterwards, each file as the manifest says.

    `near` is a folder on the disk that it is meant for. Raises BackupFailed.
    """
    try:
        with (
            file.open("rb") as source,
            tempfile.TemporaryDirectory(prefix=".restore-", dir=near) as name,
        ):
            folder = Path(name)
            yield _unpacked(source, field_keys, folder), folder
    except tarfile.TarError as error:
        raise BackupFailed("The backup cannot be unpacked. Use another one.") from error
    except OSError as error:
        raise BackupFailed(
            f"The backup cannot be unpacked: {error.strerror}. The folder is "
            f"{near or tempfile.gettempdir()}; TMPDIR names another."
        ) from error


def read_back(file: Path, field_keys: Sequence[str]) -> None:
    """Read a backup to its end, as a restore would, and keep nothing. Raises BackupFailed where one
    byte of it is not what was written."""
    with file.open("rb") as source:
        try:
            _unpacked(source, field_keys, None)
        except tarfile.TarError as error:
            raise BackupFailed("The backup cannot be unpacked.") from error


def _unpacked(source: IO[bytes], field_keys: Sequence[str], folder: Path | None) -> Manifest:
    manifest: Manifest | None = None
    found: dict[str, str] = {}
    opening = Opening(source, field_keys)  # type: ignore[arg-type]  # a file is a BinaryIO
    with tarfile.open(fileobj=opening, mode="r|gz") as archive:  # type: ignore[call-overload]
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                raise BackupFailed("The backup holds what no backup holds. Use another one.")
            if manifest is None:
                if member.name != MANIFEST:
                    raise BackupFailed("The backup has no manifest. Use another one.")
                manifest = Manifest.read(content.read())
                continue
            if member.name not in manifest.files:
                raise BackupFailed(f"The manifest does not know {member.name}.")
            found[member.name] = _written(content, folder, member.name)
    # Whatever follows the archive is read too, so that a cut end shows.
    while opening.read(_PIECE):
        continue
    if manifest is None or found != dict(manifest.files):
        raise BackupFailed("The files in the backup are not those of its manifest.")
    return manifest


def _written(content: IO[bytes], folder: Path | None, name: str) -> str:
    digest = hashlib.sha256()
    if folder is None:
        while piece := content.read(_PIECE):
            digest.update(piece)
        return digest.hexdigest()
    # Names come from the manifest, which only a holder of the key can have written.
    target = folder / (PROTOCOLS if "/" in name else "") / Path(name).name
    target.parent.mkdir(exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := content.read(_PIECE):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def restore_into(url: URL, manifest: Manifest, folder: Path, now: datetime) -> Facts:
    """Put the unpacked backup into the empty database at `url` and look through it.

    No mail leaves the copy until `flask mail release`: that is written before the first row on
    PostgreSQL, and before the file has its name on SQLite. Raises BackupFailed where the database
    is not empty, or what was restored is not what the backup says.
    """
    if url.get_backend_name() != manifest.engine:
        raise BackupFailed(
            f"This backup is of {manifest.engine}, and the database is not: restore it there."
        )
    refuse_filled(url)
    try:
        if manifest.engine == "sqlite":
            return _restore_sqlite(url, manifest, folder / DATABASE, now)
        postgresql.restore_tables(url, folder / DATABASE)
        _hold(url, now)
        postgresql.restore_rows(url, folder / DATABASE)
        return _looked_through(url, manifest)
    except SQLAlchemyError as error:
        raise BackupFailed(
            f"The restored database cannot be read ({type(error).__name__}): do not use it."
        ) from error


def refuse_filled(url: URL) -> None:
    """Raise BackupFailed unless there is nothing in this database."""
    if url.get_backend_name() == "sqlite":
        if url.database and Path(url.database).exists():
            raise BackupFailed(f"{url.database} is there already: move it away first.")
        return
    try:
        with engine_for(url) as engine:
            held = inspect(engine).get_table_names()
    except SQLAlchemyError as error:
        raise BackupFailed("The database cannot be reached: check DATABASE_URL.") from error
    if held:
        raise BackupFailed(
            f"The database holds {len(held)} tables already. Nothing is overwritten: point "
            "DATABASE_URL at an empty one."
        )


def _restore_sqlite(url: URL, manifest: Manifest, file: Path, now: datetime) -> Facts:
    staged = url.set(database=str(file))
    facts = _looked_through(staged, manifest)
    _hold(staged, now)
    in_one_file(file)
    assert url.database is not None
    os.link(file, url.database)  # unlike a rename, it never writes over another
    return facts


def _hold(url: URL, now: datetime) -> None:
    with engine_for(url) as engine, Session(engine) as session, session.begin():
        hold(session, now)


def _looked_through(url: URL, manifest: Manifest) -> Facts:
    with engine_for(url) as engine, Session(engine) as session:
        facts = facts_of(session)
        found = [*problems_of(session), *differences(manifest.facts, facts)]
    # What was not whole before is no fault of the backup.
    if problems := [one for one in found if one not in manifest.problems]:
        raise BackupFailed(
            "What was restored is not what the backup says, do not use it: " + "; ".join(problems)
        )
    return facts


@contextmanager
def throw_away(url: URL, folder: Path) -> Iterator[URL]:
    """An empty database beside this one, gone afterwards. Raises BackupFailed where this user of
    PostgreSQL may not make one."""
    if url.get_backend_name() == "sqlite":
        yield url.set(database=str(folder / "drill.sqlite3"))
        return
    mark = f"drill_{hashlib.sha256((url.database or '').encode()).hexdigest()[:8]}_"
    name = f"{mark}{new_token().replace('-', '_').lower()[:16]}"
    with engine_for(url) as engine, engine.connect() as alone:
        alone.execution_options(isolation_level="AUTOCOMMIT")
        if not alone.execute(_ONE_AT_A_TIME).scalar_one():
            raise BackupFailed("Another drill of this database runs: wait for its end.")
        for left in alone.execute(_LEFT_OVER, {"mark": mark}).scalars():
            # Of a drill that was killed, or met a power cut: deleted cases would live on in it.
            _alone(engine, f'DROP DATABASE "{left}" WITH (FORCE)')
        try:
            # As docs/production.md makes it: a cluster's own encoding may know no letter but ASCII.
            _alone(engine, f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
        except SQLAlchemyError as error:
            raise BackupFailed(
                "A drill needs a database of its own, and this user may not make one: "
                "ALTER ROLE ... CREATEDB."
            ) from error
        try:
            yield url.set(database=name)
        finally:
            _alone(engine, f'DROP DATABASE "{name}" WITH (FORCE)')


def _alone(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
