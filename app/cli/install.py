"""`flask install`: the database made, or brought up to date by migrations."""

from __future__ import annotations

from pathlib import Path

import click
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import Migrate, upgrade
from sqlalchemy import inspect, text

from app.cli.keys import index_children
from app.core.clock import now
from app.core.config import SETTINGS, UnsafeSettings
from app.core.installation import install as write_installation
from app.core.installation import is_example
from app.core.session import db, transaction
from app.referrals.abuse.catching_up import begin_next
from app.referrals.assessment.past_service import count_next


def migrations_folder(app: Flask) -> Path:
    """Where the migrations of this application lie."""
    return Path(app.root_path).parent / "migrations"


def with_migrations(app: Flask) -> None:
    """Tell `flask db`, and what it calls, of the migrations. Who serves pages runs none, and does
    without Alembic."""
    Migrate(app, db, directory=str(migrations_folder(app)), render_as_batch=True)


def bring_up_to_date(app: Flask) -> bool:
    """Run the migrations that the database has not seen. Returns whether there were any."""
    head = ScriptDirectory(str(migrations_folder(app))).get_current_head()
    with db.engine.connect() as connection:
        held = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if inspect(connection).has_table("alembic_version")
            else None
        )
    if held == head:
        return False
    with_migrations(app)
    upgrade()
    return True


def begin_abuse_cases() -> None:
    """Every undecided referral with a domestic abuse risk has its case, also where the risk was
    noted before risks began cases (A8). Safe to run again; says how many were begun."""
    begun, last = -1, 0
    found: int | None = 0
    while found is not None:
        begun, last = begun + 1, found
        with transaction() as session:
            found = begin_next(session, last, now())
    if begun:
        cases = "case was" if begun == 1 else "cases were"
        click.echo(f"{begun} domestic abuse {cases} begun for referrals that noted a risk.")


def count_assessments() -> None:
    """Each section 17 assessment whose limit an upgrade filled is counted by its protocol (F8).
    Safe to run again; says how many were counted anew."""
    counted, last = 0, 0
    found: tuple[int, bool] | None = (0, False)
    while found is not None:
        last, anew = found
        counted += anew
        with transaction() as session:
            found = count_next(session, last, now())
    if counted:
        were = "assessment was" if counted == 1 else "assessments were"
        click.echo(f"{counted} section 17 {were} counted by the protocol.")


def catch_up() -> None:
    """Write what an earlier version had not written. Safe to run again."""
    begin_abuse_cases()
    count_assessments()


@click.command("install")
@with_appcontext
def install() -> None:
    """Make or upgrade the database. Safe to run again."""
    settings = SETTINGS.here()
    try:
        settings.require_safe()
    except UnsafeSettings as unsafe:
        raise click.ClickException(str(unsafe)) from unsafe
    changed = bring_up_to_date(current_app)
    with transaction() as session:
        if is_example(session) and not settings.example:
            raise click.ClickException(
                "This database holds the example area. Real cases need a database of their own: "
                "point DATABASE_URL at an empty one."
            )
        write_installation(session, example=settings.example, now=now())
    if changed:
        # A new version may know new ways to search: nobody is missed without a word.
        index_children()
    catch_up()
    click.echo(
        "The database is up to date." if not changed else "The database was brought up to date."
    )
    click.echo(
        "Add the first system administrator with: flask staff add EMAIL --name NAME --role system"
    )
