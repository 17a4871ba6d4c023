"""`flask mail`: take in mail that answers ours (D6)."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli.checked import checked
from app.core.clock import now
from app.meetings.received.worker import take

mail = AppGroup("mail", help="Mail that comes in: answers by calendar, returned mail.")

LARGEST = 40 * 1024 * 1024
# What mail servers make of the exit code of a command that they pipe to (sysexits.h).
REFUSED = 65  # EX_DATAERR: told to the sender


@mail.command("receive")
def receive() -> None:
    """Take in one message from standard input, as a mail server pipes it.

    Ends with 0 once the message is kept, also where a person has to look at it; with 65 for one
    that is empty or larger than 40 MB. On any other end the mail server should try again.
    """
    checked(current_app)
    raw = sys.stdin.buffer.read(LARGEST + 1)
    if not raw.strip() or len(raw) > LARGEST:
        click.echo("Not taken: the message is empty or larger than 40 MB.", err=True)
        raise SystemExit(REFUSED)
    taken = take(raw, now())
    before = " before" if taken.before else ""
    click.echo(f"Taken in{before} as {taken.ref}: {taken.outcome.label.lower()}.")
