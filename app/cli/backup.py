"""`flask backup`: taken beside people who work, verified, sealed; and the restore drill (H5)."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import URL

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.cli.backups.ending import ended_in_order
from app.cli.backups.restoring import opened, restore_into, throw_away
from app.cli.backups.taking import take
from app.cli.backups.types import BackupFailed, Manifest
from app.cli.checked import checked
from app.core.clock import now
from app.core.config import SETTINGS, Settings
from app.core.session import db, transaction

NAME = "desk-{:%Y%m%dT%H%M%SZ}.backup"
_NAMED = re.compile(r"desk-\d{8}T\d{6}Z\.backup")
SUBJECT = Subject("backup", "database")
TAKEN = "backup taken"
NOT_DRILLED = "Ended before the end: what the drill made is gone, and nothing was learnt."
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Takes(AppGroup):
    """`flask backup FILE` takes one: the commands beside it are named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["take", *args]
        return super().parse_args(ctx, args)


@click.group("backup", cls=_Takes)
def backup() -> None:
    """Back up: `flask backup FILE` or `flask backup DIRECTORY`, while people work."""


@backup.command("take")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--keep", type=click.IntRange(min=1), help="In DIRECTORY, delete all but the newest so many."
)
def take_one(target: Path, keep: int | None) -> None:
    """Write a verified, encrypted backup to TARGET: a new file, or a directory that is there."""
    settings, url, moment = _here()
    into_folder = target.is_dir()
    if keep and not into_folder:
        raise click.BadParameter("give a directory that is there", param_hint="TARGET")
    file = target / NAME.format(moment.astimezone(UTC)) if into_folder else target
    try:
        manifest = take(settings, url, file, moment)
    except BackupFailed as failed:
        raise click.ClickException(str(failed)) from failed
    with transaction() as session:
        record(
            session,
            SYSTEM,
            TAKEN,
            SUBJECT,
            now(),
            {"head": manifest.facts.audit_head, "bytes": file.stat().st_size}
            | ({"problems": len(manifest.problems)} if manifest.problems else {}),
        )
    click.echo(f"{file}: {file.stat().st_size:,} bytes, verified.")
    _tell(manifest)
    if manifest.problems:
        raise click.ClickException(
            "The backup is made, but the database is not whole. Older backups are all kept: find "
            "out with flask audit verify and flask doctor what happened, and since when."
        )
    if keep:
        for old in sorted(one for one in target.iterdir() if _NAMED.fullmatch(one.name))[:-keep]:
            old.unlink()
            click.echo(f"{old.name}: deleted, {keep} newer ones are kept.")


@backup.command("verify")
@click.argument("file", type=FILE)
def verify(file: Path) -> None:
    """Say whether FILE can be opened with FIELD_KEYS and is unchanged, and what it holds."""
    settings = SETTINGS.here()
    try:
        with opened(file, settings.field_keys) as (manifest, _):
            click.echo(f"{file}: made {manifest.made_at} of {manifest.engine}, unchanged.")
            _tell(manifest)
    except BackupFailed as failed:
        raise click.ClickException(str(failed)) from failed


@backup.command("drill")
@click.argument("file", type=FILE, required=False)
@ended_in_order(NOT_DRILLED)
def drill(file: Path | None) -> None:
    """Restore FILE, or a backup taken now, into a throw-away database and look through it."""
    settings, url, moment = _here()
    try:
        with tempfile.TemporaryDirectory(prefix="drill-") as name:
            folder = Path(name)
            if file is None:
                file = folder / NAME.format(moment.astimezone(UTC))
                take(settings, url, file, moment)
            with (
                opened(file, settings.field_keys) as (manifest, unpacked),
                throw_away(url, folder) as empty,
            ):
                restore_into(empty, manifest, unpacked, moment)
    except BackupFailed as failed:
        raise click.ClickException(f"The drill failed. {failed}") from failed
    with transaction() as session:
        head = manifest.facts.audit_head
        record(session, SYSTEM, "restore drill", SUBJECT, now(), {"head": head})
    took = (now() - moment).total_seconds()
    click.echo(f"The drill went well: {file.name}, made {manifest.made_at}, restored and looked")
    click.echo(f"through in {took:.0f} seconds. The throw-away database is gone.")
    _tell(manifest)


def _here() -> tuple[Settings, URL, datetime]:
    checked(current_app)
    return SETTINGS.here(), db.engine.url, now()


def _tell(manifest: Manifest) -> None:
    facts = manifest.facts
    rows = sum(facts.counts.values())
    click.echo(f"  {len(facts.counts)} tables, {rows:,} rows, migrations at {facts.revision}")
    whole = "not whole" if manifest.problems else "whole"
    click.echo(f"  the database is {whole}, the audit's head: {facts.audit_head or 'none yet'}")
    for problem in manifest.problems:
        click.echo(f"  Problem: {problem}")
    own = ", ".join(manifest.own_protocols) or "none"
    click.echo(f"  the protocol: {manifest.protocol or 'none chosen yet'}; files of its own: {own}")
    click.echo(f"  mail waiting: {facts.mail_waiting:,}")
