"""`flask doctor`: is this installation well, and what is to be mended (I2)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.cli.checkup.around import around, settings_found
from app.cli.checkup.held import held
from app.cli.checkup.types import Finding, Verdict, mend
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.session import reading
from app.core.start import database_problems

_WIDTH = 10


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for a program to read.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look through this installation: each line is ok, a warning, or something to mend.

    Ends with 1 where something is to be mended. Changes nothing.
    """
    findings = list(_findings(current_app))
    if as_json:
        click.echo(
            json.dumps(
                [
                    {"what": f.what, "verdict": f.verdict.value, "seen": f.seen, "remedy": f.remedy}
                    for f in findings
                ],
                indent=1,
            )
        )
    else:
        for finding in findings:
            click.echo(f"{finding.verdict.value:<{_WIDTH}}{finding.what}: {finding.seen}")
            if finding.remedy:
                click.echo(f"{'':<{_WIDTH}}{finding.remedy}")
    if any(finding.verdict is Verdict.MEND for finding in findings):
        sys.exit(1)


def _findings(app: Flask) -> Iterator[Finding]:
    settings = SETTINGS.of(app)
    moment = now()
    yield from settings_found(settings)
    problems = database_problems(app, example=settings.example)
    for problem in problems:
        seen, _, remedy = problem.partition(": ")
        yield mend("database", seen, remedy)
    if not problems:
        yield from held(app, reading(), moment)
        reading().rollback()
    yield from around(settings, moment)
