"""`flask audit`: check the chain, take it out (H3)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.accounts.queries import number_of_staff
from app.audit import queries, service
from app.audit.types import SYSTEM, ChainProblem, Head, Subject
from app.cli.checked import checked
from app.core.clock import now
from app.core.session import reading, transaction

audit = AppGroup("audit", help="What was done and seen: check that nothing was changed.")


@audit.command("verify")
@click.option(
    "--anchor", metavar="ROW:DIGEST", help="A head that was written down outside earlier."
)
def verify(anchor: str | None) -> None:
    """Say every change, cut or gap in words; exit 1 if there is any.

    Prints the head. Written down outside this installation and given back as --anchor, it shows
    even a chain that somebody with every key made anew.
    """
    checked(current_app)
    session = reading()
    problems = 0
    for problem in queries.verify_chain(session, _anchor(anchor)):
        problems += 1
        click.echo(f"Problem: {problem.problem}.", err=True)
    head = queries.head(session)
    if head is None and number_of_staff(session):
        problems += 1
        gone = ChainProblem(None, "there are staff but no audit: all of it was removed")
        click.echo(f"Problem: {gone.problem}.", err=True)
    if problems:
        click.echo(f"The audit is not whole: {_number(problems, 'problem')}.", err=True)
        sys.exit(1)
    if head is None:
        click.echo("The audit is empty: nothing was done yet.")
        return
    click.echo(f"The audit is whole: {_number(head.entry_id, 'row')}. Head: {head}")


@audit.command("export")
@click.argument("file", type=click.Path(path_type=Path))
def export(file: Path) -> None:
    """Write the whole audit to FILE, one JSON object per line. Refuses to overwrite."""
    checked(current_app)
    with transaction() as session:
        service.record(session, SYSTEM, "audit exported", Subject("audit", "export"), now())
    count = 0
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            for line in queries.lines(reading()):
                out.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
                count += 1
    except FileExistsError as error:
        raise click.ClickException(f"{file} is there already: choose another name.") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{_number(count, 'line')} written to {file}.")


def _anchor(typed: str | None) -> Head | None:
    if typed is None:
        return None
    number, colon, digest = typed.partition(":")
    if not (colon and number.isdigit() and len(digest) == 64):
        raise click.BadParameter(
            "give it as it was printed: the row, a colon, 64 letters and digits",
            param_hint="--anchor",
        )
    return Head(int(number), digest)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
