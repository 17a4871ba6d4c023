"""`flask retention`: what is to be reviewed, and the deletion of what was approved (H8)."""

from __future__ import annotations

import click
import structlog
from flask import current_app
from flask.cli import AppGroup

from app.cli.checked import checked
from app.core.clock import now, words_for_day
from app.core.session import reading, transaction
from app.directory.queries import protocol_of_council
from app.protocols.registry import active
from app.reports.dataset.service import keep_counted
from app.reports.quality.feedback.service import forget_words
from app.reports.quality.near_misses.service import forget, forget_old
from app.retention import letters, queries, rules, service

retention = AppGroup("retention", help="Cases that are closed: review, deletion.")
MOST = 1_000
# The figures keep what was counted of a case; the near-miss log forgets what was written of it.
LEAVING = (keep_counted, forget)
KEPT = "kept: it is held, or something is open, in it or about one of its children"
NOT_SET_UP = "No rule yet: save the council's settings, which choose the protocol."
log = structlog.get_logger()


@retention.command("rules")
def periods() -> None:
    """Say how long which cases are kept, and by which source."""
    checked(current_app)
    protocol_id = protocol_of_council(reading())
    if protocol_id is None:
        click.echo(NOT_SET_UP)
        return
    for rule in active(protocol_id).retention:
        click.echo(
            f"{rule.id}: {rule.case.value.replace('_', ' ')}, {rule.years} years from "
            f"{rule.start.value}. {rule.reason} Source: {rule.source}."
        )


@retention.command("due")
def due() -> None:
    """List the cases whose time is over and which somebody has to review. Deletes nothing."""
    checked(current_app)
    found = queries.due_for_review(reading(), now(), MOST)
    for case in found:
        click.echo(
            f"{case.ref}: closed {words_for_day(case.closed_at)}, kept until "
            f"{words_for_day(case.keep_until)} by {case.rule['id']}"
        )
    click.echo(f"{len(found)} to be reviewed. A chair does that on the page of the archive.")


@retention.command("delete")
@click.option("--yes", is_flag=True, help="Delete. Without it the cases are only listed.")
def delete(yes: bool) -> None:
    """Delete the cases whose deletion was approved two weeks ago or longer, one by one.

    What was written on the near-miss log goes with its case, or as long after it was reported as a
    case is kept at least; so do the words of feedback, which is of no case. Letters of no case go
    after three months.

    Backups made before still hold them: let those run out as their own rule says.
    """
    checked(current_app)
    moment = now()
    keys = [
        queries.key_of(case)
        for case in queries.approved(reading(), MOST)
        if case.approved_at is not None and rules.may_go(case.approved_at, moment)
    ]
    reading().rollback()
    if not yes:
        for key in keys:
            click.echo(key.ref)
        click.echo(f"{len(keys)} would be deleted: give --yes to do it.")
        return
    gone, failed = 0, []
    for key in keys:
        try:
            with transaction() as session:
                deleted = service.delete(session, key, moment, LEAVING)
        except Exception as error:  # the others are deleted all the same
            failed.append(key.ref)
            log.error("not deleted", reference=key.ref, exc_info=error)
            continue
        gone += deleted
        click.echo(f"{key.ref}: {'deleted' if deleted else KEPT}")
    click.echo(f"{gone} deleted.")
    words = said = 0
    with transaction() as session:
        if protocol_id := protocol_of_council(session):
            kept = active(protocol_id).retention
            words = forget_old(session, kept, moment)
            said = forget_words(session, kept, moment)
    old = letters.over(reading(), moment)
    reading().rollback()
    with transaction() as session:
        letters.forget(session, old, moment)
    click.echo(
        f"{words} near misses emptied: old ones of no case, and what was left of deleted ones; "
        f"{said} answers to feedback emptied of their words; {len(old)} old letters of no case "
        "deleted."
    )
    if failed:
        raise click.ClickException(f"Not deleted, see the log: {', '.join(failed)}")
