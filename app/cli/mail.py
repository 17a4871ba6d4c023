"""`flask mail`: take in mail that answers ours (D6), let mail go after a restore (H4)."""

from __future__ import annotations

import sys

import click
import structlog
from flask import current_app
from flask.cli import AppGroup

from app.cli.backups.ending import is_half_restored
from app.cli.checked import TryAgainLater, checked
from app.core.clock import now
from app.core.session import transaction
from app.meetings.received.worker import take
from app.outbox.service import release as release_mail

mail = AppGroup("mail", help="Mail that comes in; mail that is held after a restore.")

HALF = (
    "The restore did not come to its end: make the database anew, and restore again. No mail "
    "leaves this one."
)
LARGEST = 40 * 1024 * 1024
# What mail servers make of the exit code of a command that they pipe to (sysexits.h).
REFUSED = 65  # EX_DATAERR: told to the sender

log = structlog.get_logger()


@mail.command("receive")
def receive() -> None:
    """Take in one message from standard input, as a mail server pipes it.

    Ends with 0 once the message is kept, also where a person has to look at it; with 65 for one
    that is empty or larger than 40 MB; with 75 where it cannot be taken in now, so that the mail
    server tries again.
    """
    try:
        checked(current_app)
        raw = sys.stdin.buffer.read(LARGEST + 1)
        if not raw.strip() or len(raw) > LARGEST:
            click.echo("Not taken: the message is empty or larger than 40 MB.", err=True)
            raise SystemExit(REFUSED)
        taken = take(raw, now())
    except click.ClickException as problem:
        raise TryAgainLater(problem.message) from problem
    except Exception as error:
        log.error("mail not taken in", exc_info=error)
        raise TryAgainLater("Not taken in now: try again later.") from error
    before = " before" if taken.before else ""
    click.echo(f"Taken in{before} as {taken.ref}: {taken.outcome.label.lower()}.")


@mail.command("release")
@click.option(
    "--send",
    is_flag=True,
    help="Nothing was sent since the backup was made (a planned move): send all that waits.",
)
@click.option(
    "--review",
    is_flag=True,
    help="It may have been sent: each letter that waited then is given up and shown to the "
    "administrators, who telephone or send again.",
)
def release(send: bool, review: bool) -> None:
    """Let mail leave that has been held since a backup was restored.

    Letters that were queued after the restore are sent in either case.
    """
    if send == review:
        raise click.UsageError("Say what becomes of the letters from before: --send or --review.")
    checked(current_app)
    with transaction() as session:
        if is_half_restored(session):
            raise click.ClickException(HALF)
        released = release_mail(session, now(), send=send)
    if released is None:
        click.echo("No mail is held. Nothing was changed.")
        return
    before, since = released
    done = "will be sent" if send else "wait on the administrators' first page for a person"
    click.echo(f"Mail leaves again. {before:,} letters from before {done}.")
    click.echo(f"{since:,} letters queued since the restore will be sent.")
