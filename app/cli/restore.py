"""`flask restore`: a backup into an empty database, verified, its mail held (H5, H4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.engine import make_url

from app.accounts.sessions import end_all_sessions
from app.audit.service import record
from app.audit.types import SYSTEM
from app.cli.backup import FILE, SUBJECT
from app.cli.backups.ending import RESTORED, ended_in_order
from app.cli.backups.protocols import Bringing, bringing
from app.cli.backups.restoring import opened, refuse_filled, restore_into
from app.cli.backups.types import PROTOCOLS, BackupFailed, Manifest
from app.cli.checked import checked
from app.cli.install import bring_up_to_date, catch_up, migrations_folder
from app.cli.keys import index_children
from app.core.clock import now
from app.core.config import SETTINGS, Settings, UnsafeSettings
from app.core.session import transaction
from app.protocols import registry
from app.protocols.loading import load_protocols

ENDED = (
    "Ended before the end: what is there now is no whole copy. Make the database anew, and restore "
    "again."
)


@click.command("restore")
@click.argument("file", type=FILE)
@click.option(
    "--protocols",
    type=click.Path(path_type=Path),
    help="Where the council's own protocol files are written; otherwise PROTOCOLS_DIR.",
)
@click.option(
    "--although-not-whole",
    is_flag=True,
    help="Restore a backup of a database in which something was wrong already.",
)
@with_appcontext
@ended_in_order(ENDED)
def restore(file: Path, protocols: Path | None, although_not_whole: bool) -> None:
    """Restore FILE into the empty database of DATABASE_URL, and look through what came of it.

    Stop web and worker first. Mail is held until `flask mail release`; everybody signs in anew.
    """
    settings = SETTINGS.here()
    moment = now()
    try:
        settings.require_safe()
        url = make_url(settings.database_url)
        refuse_filled(url)
        # Beside the database that it becomes, where that is a file.
        near = Path(url.database or "").parent if url.get_backend_name() == "sqlite" else None
        with opened(file, settings.field_keys, near) as (manifest, folder):
            _refuse_what_does_not_fit(settings, manifest)
            if manifest.problems and not although_not_whole:
                raise BackupFailed(
                    "The database was not whole when this backup was made: "
                    f"{'; '.join(manifest.problems)}. Use an older one, or say "
                    "--although-not-whole."
                )
            own = bringing(manifest, folder / PROTOCOLS, protocols or settings.protocols_dir)
            # First: a restore that ends here is begun again, and finds them there.
            brought = list(own.bring())
            if own.folder is not None:
                # What is done below asks the council's protocol, which this process did not find.
                registry.use(load_protocols(own.folder))
            facts = restore_into(url, manifest, folder, moment)
    except (BackupFailed, UnsafeSettings) as failed:
        raise click.ClickException(str(failed)) from failed
    if bring_up_to_date(current_app):
        click.echo("The backup was of an earlier version: migrations were run.")
    # A version that searched in other ways may have made it: nobody is missed without a word.
    index_children()
    catch_up()
    with transaction() as session:
        ended = end_all_sessions(session, moment)
        record(
            session,
            SYSTEM,
            RESTORED,
            SUBJECT,
            moment,
            {"made": manifest.made_at, "head": facts.audit_head, "sessions ended": ended},
        )
    checked(current_app)
    click.echo(f"Restored and verified: {file.name}, made {manifest.made_at}.")
    click.echo(f"  {sum(facts.counts.values()):,} rows in {len(facts.counts)} tables as counted")
    for problem in manifest.problems:
        click.echo(f"  Problem, as when it was made: {problem}")
    if not manifest.problems:
        click.echo(f"  the audit is whole up to {facts.audit_head or 'its beginning'}")
    click.echo(f"  everybody signs in anew ({ended} sessions ended)")
    _tell_of_protocols(own, brought, settings.protocols_dir)
    click.echo(
        f"No mail leaves yet. {facts.mail_waiting:,} letters waited when the backup was made; they "
        "may have been sent since. `flask mail release --help` says how to let mail go."
    )


def _refuse_what_does_not_fit(settings: Settings, manifest: Manifest) -> None:
    if manifest.facts.example != settings.example:
        raise BackupFailed(
            "This is a backup of an example area: real cases are kept apart from it."
            if manifest.facts.example
            else "This is a backup of real cases: it is never restored as an example area."
        )
    known = {
        script.revision
        for script in ScriptDirectory(str(migrations_folder(current_app))).walk_revisions()
    }
    if manifest.facts.revision not in known:
        raise BackupFailed(
            f"This backup was made by a newer version (migrations at {manifest.facts.revision}): "
            "install that version first."
        )


def _tell_of_protocols(own: Bringing, brought: Sequence[Path], set_to: Path | None) -> None:
    for path in brought:
        click.echo(f"  {path}: written, the council's own protocol")
    for name in own.different:
        click.echo(f"  {name} differs from the one in the backup, and stays as it is")
    if own.folder is not None and (set_to is None or own.folder.absolute() != set_to.absolute()):
        click.echo(f"Set PROTOCOLS_DIR={own.folder.absolute()} before web and worker start.")
