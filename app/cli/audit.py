"""`flask audit`: check the chain, take it out (H3)."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.accounts.queries import number_of_staff
from app.anchoring.rules import read as read_letter
from app.anchoring.signing import is_signed
from app.audit import queries, service
from app.audit.types import SYSTEM, ChainProblem, Head, Subject
from app.cli.checked import checked
from app.core.clock import from_london, now, words_for_moment
from app.core.config import SETTINGS
from app.core.session import reading, transaction
from app.records.document.seal import SealError
from app.records.sealing import certificates_of

DAY = click.DateTime(["%Y-%m-%d"])
audit = AppGroup("audit", help="What was done and seen: check that nothing was changed.")


@audit.command("verify")
@click.option(
    "--anchor",
    metavar="FILE|ROW:DIGEST",
    help="A head that was written down outside earlier: the saved letter, or what was printed.",
)
def verify(anchor: str | None) -> None:
    """Say every change, cut or gap in words; exit 1 if there is any.

    Prints the head. Written down outside this installation and given back as --anchor, it shows
    even a chain that somebody with every key made anew.
    """
    checked(current_app)
    session = reading()
    problems = 0
    held = _anchor(anchor)
    for problem in queries.verify_chain(session, held):
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
@click.option("--from", "since", type=DAY, help="The first day, like 2026-11-01.")
@click.option("--to", "until", type=DAY, help="The last day, which counts.")
def export(file: Path, since: datetime | None, until: datetime | None) -> None:
    """Write the audit to FILE, one JSON object per line: all of it, or some days. Refuses to
    overwrite."""
    checked(current_app)
    if since and until and until < since:
        raise click.UsageError("--to is before --from: exchange them.")
    first = from_london(since) if since else None
    end = from_london(until + timedelta(days=1)) if until else None
    with transaction() as session:
        days = {
            "from": f"{since:%Y-%m-%d}" if since else "",
            "to": f"{until:%Y-%m-%d}" if until else "",
        }
        service.record(session, SYSTEM, "audit exported", Subject("audit", "export"), now(), days)
    count = 0
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            for line in queries.lines(reading(), first, end):
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
    if colon and number.isdigit() and len(digest) == 64:
        return Head(int(number), digest)
    if not Path(typed).is_file():
        raise click.BadParameter(
            "give it as it was printed, the row, a colon, 64 letters and digits; or the file of a "
            "letter with the head of the audit",
            param_hint="--anchor",
        )
    return _from_letter(Path(typed))


def _from_letter(file: Path) -> Head:
    """The head in a saved letter. Ends with 1 where it is none of ours: it proves nothing then."""
    settings = SETTINGS.here()
    anchor = read_letter(file.read_bytes())
    if anchor is None:
        raise click.ClickException(f"{file} holds no head of the audit.")
    if anchor.site != settings.base_url:
        raise click.ClickException(f"{file} is of another installation: {anchor.site}.")
    try:
        certificates = certificates_of(settings)
    except SealError as error:
        raise click.ClickException(f"{error}") from error
    if not is_signed(anchor, certificates):
        raise click.ClickException(
            f"{file} was changed, or not signed with a key of SEAL_CERT_FILE: it proves nothing."
        )
    click.echo(f"Anchor: row {anchor.head.entry_id}, {words_for_moment(anchor.at)}, signed by us.")
    return anchor.head


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
