"""Taking a backup beside people who work: a snapshot, looked through, then sealed (H5)."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pysqlite3.dbapi2 import Error as DriverError
from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.cli.backups import postgresql
from app.cli.backups.looking import engine_for, facts_of, in_one_file, problems_of, protocol_of
from app.cli.backups.restoring import read_back
from app.cli.backups.sealed import Sealing
from app.cli.backups.types import DATABASE, MANIFEST, PROTOCOLS, BackupFailed, Manifest
from app.core.config import Settings
from app.protocols.loading import council_files

_UNSEALED, _PART = ".backup-", ".part"


def take(settings: Settings, url: URL, target: Path, now: datetime) -> Manifest:
    """Write a verified backup to `target`, which must not be there yet.

    What is looked through is the very snapshot that is kept, and the finished file is read again to
    its end. Where the database itself is not whole the manifest says so: that night a backup is
    needed most. Raises BackupFailed where it cannot be written; then nothing is left behind.
    """
    if target.exists():
        raise BackupFailed(f"{target} is there already: choose another name.")
    part = target.with_name(f".{target.name}{_PART}")
    try:
        with (
            _alone_in(target.parent),
            tempfile.TemporaryDirectory(prefix=_UNSEALED, dir=target.parent) as name,
        ):
            folder = Path(name)
            with _snapshot(url, folder / DATABASE) as session:
                manifest = Manifest(
                    made_at=now.isoformat(timespec="seconds"),
                    engine=url.get_backend_name(),
                    base_url=settings.base_url,
                    facts=facts_of(session),
                    problems=tuple(problems_of(session)),
                    protocol=protocol_of(session),
                )
            manifest = _seal(settings, folder / DATABASE, part, manifest)
        try:
            read_back(part, settings.field_keys)
        except BackupFailed as failed:
            raise BackupFailed(
                f"What was written to {target.parent} does not read back as it was: {failed} "
                "Is that disk failing? Take the backup on another one."
            ) from failed
        part.replace(target)
        _settle(target.parent)
    except OSError as error:
        raise BackupFailed(
            f"The backup cannot be written to {target.parent}: {error.strerror}. "
            "Is the folder there, is it yours, is the disk full?"
        ) from error
    except (SQLAlchemyError, DriverError) as error:
        raise BackupFailed(
            f"The database could not be read, or its copy not written, to the end "
            f"({type(error).__name__}). Is the disk full?"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One backup at a time in this folder. What a killed one left there, not yet sealed, goes."""
    with (folder / ".backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed("Another backup is being taken into this folder.") from error
        for left in folder.glob(f"{_UNSEALED}*"):
            shutil.rmtree(left)
        for left in folder.glob(f".*{_PART}"):
            left.unlink()
        yield


@contextmanager
def _snapshot(url: URL, target: Path) -> Iterator[Session]:
    """The database written to `target`, and a session that sees just what was written."""
    if url.get_backend_name() == "sqlite":
        with engine_for(url) as engine, engine.connect() as connection:
            target.touch(mode=0o600)
            driver = connection.connection.driver_connection
            assert driver is not None
            # In one go: a copy in steps begins anew whenever somebody writes.
            copy = type(driver)(str(target))
            try:
                driver.backup(copy)
            finally:
                copy.close()
        with engine_for(url.set(database=str(target))) as engine, Session(engine) as session:
            yield session
        in_one_file(target)
        return
    with (
        engine_for(url) as engine,
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        Session(connection) as session,
    ):
        name = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        postgresql.dump(url, name, target)
        yield session


def _seal(settings: Settings, dumped: Path, target: Path, manifest: Manifest) -> Manifest:
    """One sealed file of the database, the council's own protocols, the seal's certificates and
    the manifest, which is given back. Keys and settings are never in it."""
    members = [(DATABASE, dumped), *_files_beside(settings)]
    manifest = replace(manifest, files={name: _digest(path) for name, path in members})
    held = dumped.with_name(MANIFEST)
    held.write_bytes(manifest.as_json())
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        sealing = Sealing(out, settings.field_keys[0])
        with (
            gzip.GzipFile("", "wb", 3, sealing) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            # The manifest first: what it says is known before the database is unpacked.
            for name, path in [(MANIFEST, held), *members]:
                archive.add(path, name, recursive=False, filter=_nobody)
        sealing.finish()
        out.flush()
        os.fsync(out.fileno())
    return manifest


def _files_beside(settings: Settings) -> list[tuple[str, Path]]:
    found = []
    if settings.seal_cert_file.is_file():
        found.append(("seal-cert.pem", settings.seal_cert_file))
    if settings.protocols_dir is not None:
        found += [
            (f"{PROTOCOLS}{path.name}", path) for path in council_files(settings.protocols_dir)
        ]
    return found


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(folder: Path) -> None:
    """A renamed file is safe once its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
