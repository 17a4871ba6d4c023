"""`flask keys`: the keys of protected fields (H6)."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.audit import service as audit_service
from app.audit.types import SYSTEM, Subject
from app.cli.checked import checked
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.crypto import UnreadableField, new_field_key
from app.core.rotation import protected_tables, rotate_batch
from app.core.session import transaction
from app.referrals.same_child.spellings import index_after

keys = AppGroup("keys", help="The keys of protected fields.")


@keys.command("new", with_appcontext=False)
def new() -> None:
    """Print a new key for FIELD_KEYS."""
    click.echo(new_field_key())


@keys.command("rotate")
def rotate() -> None:
    """Write every protected field with the first of FIELD_KEYS.

    In this order, so that no process ever meets a value it cannot read: append the new key to
    FIELD_KEYS everywhere; put it first everywhere; run this; then take the old key out. May be
    stopped and run again at any time, while people work.
    """
    checked(current_app)
    settings = SETTINGS.here()
    total = 0
    for protected in protected_tables():
        after, rewritten, finished = None, 0, False
        while not finished:
            try:
                with transaction() as session:
                    batch = rotate_batch(session, protected, settings.field_keys, after)
            except UnreadableField as error:
                raise click.ClickException(str(error)) from error
            rewritten += batch.rewritten
            after, finished = batch.last, batch.last is None
        total += rewritten
        click.echo(f"{protected.table.name}: {rewritten:,} rewritten")
    with transaction() as session:
        audit_service.record(
            session, SYSTEM, "keys rotated", Subject("keys", "fields"), now(), {"rewritten": total}
        )
    old = len(settings.field_keys) - 1
    if old:
        click.echo(
            f"Done: {total:,} rows rewritten. All processes having started with the first key "
            f"first, the {'other key' if old == 1 else f'other {old} keys'} can be taken out of "
            "FIELD_KEYS now."
        )
    else:
        click.echo(f"Done: {total:,} rows rewritten. FIELD_KEYS holds one key, so there is no old.")


@keys.command("index")
def index() -> None:
    """Make every known child findable by search, after an upgrade that brought new ways to search,
    and by nothing that only a match which was undone said of it.

    May be stopped and run again at any time, while people work.
    """
    checked(current_app)
    index_children()
    click.echo("Every known child can be found.")


def index_children() -> None:
    """Every known child under every key that search and the wrong-child guard know, and under none
    that is no longer true (A3, G5)."""
    last: int | None = 0
    while last is not None:
        with transaction() as session:
            last = index_after(session, last)
