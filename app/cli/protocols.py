"""`flask protocols`: work out deadlines, check a council's own file, show a protocol.

None of these needs a database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import click
from flask.cli import AppGroup

from app.core.clock import in_london
from app.protocols.exchange import facts_from
from app.protocols.loading import check_file, load_protocols
from app.protocols.problems import ProtocolError
from app.protocols.rules import clocks
from app.protocols.telling import tell
from app.protocols.types import ClockError, Due, FactsError, Protocol

protocols = AppGroup("protocols", help="Local rules: deadlines, own files, what a protocol says.")

FOLDER = click.option(
    "--folder",
    envvar="PROTOCOLS_DIR",
    type=click.Path(path_type=Path),
    help="The council's own protocols; otherwise PROTOCOLS_DIR, otherwise none.",
)


class BadInput(click.ClickException):
    """What was typed or piped in cannot be used."""

    exit_code = 2


@protocols.command("due", with_appcontext=False)
@click.option("--protocol", "protocol_id", help="The protocol of every case that names none.")
@click.option(
    "--facts", "facts_file", type=click.File("rb"), required=True, help="A JSON file, or -."
)
@click.option(
    "--full", is_flag=True, help="Add force, label, limit and the rules that also applied."
)
@FOLDER
def due(protocol_id: str | None, facts_file: IO[bytes], full: bool, folder: Path | None) -> None:
    """Print the clocks of one case, or of an array of cases, as JSON.

    One case is an object of facts, with --protocol. An array holds objects with "protocol" and
    "facts". Times are those of London, with their offset.
    """
    given = _json(facts_file)
    known = _loaded(folder)
    if isinstance(given, list):
        answers: object = [
            _answer(case, protocol_id, known, full, where=f"Case {number}: ")
            for number, case in enumerate(given, start=1)
        ]
    else:
        answers = _answer(given, protocol_id, known, full)
    click.echo(json.dumps(answers, indent=2))


@protocols.command("check", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say what is wrong with a protocol file, line by line; exit 1 if anything is."""
    try:
        protocol = check_file(file)
    except ProtocolError as error:
        raise click.ClickException(str(error)) from error
    told = tell(protocol)
    click.echo(f"{file} is good: {protocol.name}, version {protocol.version}. What then holds:")
    for clock in told.clocks:
        click.echo(f"\n{clock.label}")
        for rule in clock.rules:
            click.echo(f"  {rule.summary} ({rule.id})")
    for series in told.series:
        click.echo(f"\n{series.name}: {series.when.lower()} ({series.id})\n  {series.takes}")


@protocols.command("show", with_appcontext=False)
@click.argument("protocol_id", metavar="ID")
@FOLDER
def show(protocol_id: str, folder: Path | None) -> None:
    """Show every rule of a protocol, with its source."""
    protocol = _named(protocol_id, _loaded(folder))
    click.echo(f"{protocol.name} ({protocol.id}), version {protocol.version}, {protocol.digest}")
    click.echo(f"From {protocol.source}. Ratings: {', '.join(protocol.ratings)}.")
    told = tell(protocol)
    for clock in told.clocks:
        click.echo(f"\n{clock.label}\n{'-' * len(clock.label)}")
        for rule in clock.rules:
            _paragraph(f"{rule.summary}. {rule.when}.", rule.reason, rule.kind, rule.force,
                       rule.source, rule.id)  # fmt: skip
    for series in told.series:
        click.echo(f"\n{series.name}\n{'-' * len(series.name)}")
        _paragraph(f"{series.when}. {series.takes}.", series.reason, series.source, series.id)
    for heading, lines in told.ways:
        click.echo(f"\n{heading}\n{'-' * len(heading)}")
        for one in lines:
            _paragraph(f"{one.title}.", one.reason, f"{one.source}: {one.document}")
    for form in told.forms:
        click.echo(f"\n{form.name}\n{'-' * len(form.name)}")
        _paragraph(form.reason, form.source)
    click.echo(f"\n{told.reminders}.")


def _paragraph(first: str, *lines: str) -> None:
    """The gist on one line, what stands behind it indented; words never break off the screen."""
    for number, line in enumerate(line for line in (first, *lines) if line):
        click.echo(click.wrap_text(line, 96, "  " if number else "", "    "))
    click.echo()


def _loaded(folder: Path | None) -> Mapping[str, Protocol]:
    try:
        return load_protocols(folder)
    except ProtocolError as error:
        raise click.ClickException(str(error)) from error


def _json(file: IO[bytes]) -> Any:
    try:
        return json.loads(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput("The facts are not UTF-8 text: save them as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise BadInput(
            f"The facts are not valid JSON: {error.msg} "
            f"(line {error.lineno}, column {error.colno})."
        ) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or brackets thousands deep.
        raise BadInput(f"The facts cannot be read ({error}): give plain facts.") from error


def _named(protocol_id: str, known: Mapping[str, Protocol]) -> Protocol:
    if protocol_id not in known:
        raise BadInput(f'Unknown protocol "{protocol_id}": use one of {", ".join(known)}.')
    return known[protocol_id]


def _answer(
    case: object,
    protocol_id: str | None,
    known: Mapping[str, Protocol],
    full: bool,
    where: str = "",
) -> dict[str, dict[str, Any]]:
    """The clocks of one case: facts alone, or an object with "protocol" and "facts"."""
    if not isinstance(case, dict):
        raise BadInput(f'{where}A case is a JSON object, such as {{"received_at": "..."}}.')
    wrapped = where != "" or "facts" in case or "protocol" in case
    facts = case.get("facts") if wrapped else case
    named = case.get("protocol", protocol_id) if wrapped else protocol_id
    if not isinstance(facts, dict):
        raise BadInput(f'{where}"facts" is missing: give an object of facts.')
    if not isinstance(named, str):
        raise BadInput(f"{where}Say which protocol: one of {', '.join(known)}.")
    try:
        protocol = _named(named, known)
        found = facts_from(facts)
    except (BadInput, FactsError) as error:
        raise BadInput(f"{where}{error}") from error
    if found.rag is not None and found.rag not in protocol.ratings:
        raise BadInput(
            f'{where}{protocol.name} has no rating "{found.rag}": '
            f"use one of {', '.join(protocol.ratings)}."
        )
    return {clock.value: _shown(answer, full) for clock, answer in clocks(protocol, found).items()}


def _shown(answer: Due | ClockError, full: bool) -> dict[str, Any]:
    if isinstance(answer, ClockError):
        return {"error": answer.error}
    shown: dict[str, Any] = {
        "due": in_london(answer.due_at).isoformat(),
        "rule": answer.rule,
        "reason": answer.reason,
        "source": answer.source,
    }
    if full:
        shown["force"] = answer.force.value
        shown["label"] = answer.label
        shown["also"] = [
            {
                "rule": other.rule,
                "force": other.force.value,
                "source": other.source,
                "set_aside": other.set_aside,
                **(
                    {"due": in_london(other.due_at).isoformat()}
                    if other.due_at
                    else {"error": other.error}
                ),
            }
            for other in answer.also
        ]
    return shown
