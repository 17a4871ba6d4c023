"""`flask staff`: the first system administrator, and a way in when nobody is left."""

from __future__ import annotations

import click
from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask.cli import AppGroup

from app.accounts.passwords import hash_password, new_one_time_password
from app.accounts.staff import queries, service
from app.accounts.teller import teller
from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.cli.checked import checked
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.web.forms import LINE_LENGTH, tidy_line

staff = AppGroup("staff", help="Who has an account.")


@staff.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The full name.")
@click.option(
    "--role",
    "roles",
    required=True,
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="May be given several times.",
)
@click.option("--telephone", default="", help="Shown to colleagues.")
def add(email: str, name: str, roles: tuple[str, ...], telephone: str) -> None:
    """Add somebody and print their one-time password."""
    checked(current_app)
    try:
        # The domain is not looked up: example domains exist nowhere, and mail may be internal.
        address = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise click.BadParameter(f"{error}", param_hint="EMAIL") from error
    if not tidy_line(name):
        raise click.BadParameter("give the person's full name", param_hint="--name")
    password = new_one_time_password()
    one_time_hash = hash_password(password)
    try:
        with transaction() as session:
            service.add(
                session,
                SYSTEM,
                name=tidy_line(name),
                email=address.normalized,
                telephone=tidy_line(telephone) or None,
                roles=[Role(role) for role in roles],
                one_time_hash=one_time_hash,
                tell=teller(),
                now=now(),
            )
    except Refused as refused:
        raise click.ClickException(f"{refused.message}.") from refused
    click.echo(f"One-time password for {address.normalized}: {password}")
    click.echo("At the first sign-in they choose their own and set up the second factor.")


@staff.command("password")
@click.argument("email")
def password(email: str) -> None:
    """Print a new one-time password for somebody who forgot theirs; signs them out."""
    staff_id = _known(email)
    one_time = new_one_time_password()
    one_time_hash = hash_password(one_time)
    try:
        with transaction() as session:
            service.new_one_time_password(session, SYSTEM, staff_id, one_time_hash, teller(), now())
    except Refused as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"One-time password for {email}: {one_time}")


@staff.command("reset-second-factor")
@click.argument("email")
@click.option("--reason", required=True, help="Stands in the audit for good.")
def reset_second_factor(email: str, reason: str) -> None:
    """Forget a lost telephone; the next sign-in sets up a new one, and they are told by email."""
    staff_id = _known(email)
    try:
        with transaction() as session:
            service.reset_second_factor(session, SYSTEM, staff_id, _reason(reason), teller(), now())
    except Refused as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"{email} sets up a new second factor at the next sign-in.")


@staff.command("sign-out")
@click.argument("email", required=False)
@click.option("--everybody", is_flag=True, help="Every person, every browser.")
@click.option("--reason", default="", help="Wanted with --everybody; stands in the audit.")
def sign_out(email: str | None, everybody: bool, reason: str) -> None:
    """End all sessions of one person, or of everybody."""
    if everybody == bool(email):
        raise click.UsageError("Give one address, or --everybody.")
    if email:
        staff_id = _known(email)
        try:
            with transaction() as session:
                ended = service.sign_out_everywhere(session, SYSTEM, staff_id, now())
        except Refused as refused:
            raise click.ClickException(refused.message) from refused
    else:
        checked(current_app)
        words = _reason(reason)
        with transaction() as session:
            ended = service.sign_out_everybody(session, SYSTEM, words, now())
    click.echo(f"Sessions ended: {ended}.")


@staff.command("forget-sign-on")
@click.argument("email", required=False)
@click.option("--everybody", is_flag=True, help="After a change of the provider or its client.")
@click.option("--reason", required=True, help="Stands in the audit for good.")
def forget_sign_on(email: str | None, everybody: bool, reason: str) -> None:
    """Let the next single sign-on link accounts anew, each by its address; signs them out."""
    if everybody == bool(email):
        raise click.UsageError("Give one address, or --everybody.")
    checked(current_app)
    staff_id = _known(email) if email else None
    words = _reason(reason)
    with transaction() as session:
        done = service.forget_sign_on(session, SYSTEM, staff_id, words, now())
    click.echo(f"Accounts that the next single sign-on links anew: {done}.")


@staff.command("end")
@click.argument("email")
def end(email: str) -> None:
    """Somebody has left: sign them out and let them in no more."""
    staff_id = _known(email)
    try:
        with transaction() as session:
            service.end(session, SYSTEM, staff_id, now())
    except Refused as refused:
        raise click.ClickException(f"{refused.message.rstrip('.')}.") from refused
    click.echo(f"{email} is signed out and can no longer sign in.")


def _reason(typed: str) -> str:
    reason = tidy_line(typed)[:LINE_LENGTH]
    if not reason:
        raise click.BadParameter("say why it is done", param_hint="--reason")
    return reason


def _known(email: str) -> int:
    checked(current_app)
    found = queries.person_by_email(reading(), email, now())
    if found is None:
        raise click.ClickException(
            f"Nobody has the address {email}: check it with `flask staff list`."
        )
    return found.id


@staff.command("list")
def everybody() -> None:
    """Print everybody who works here."""
    checked(current_app)
    after = 0
    while True:
        page = queries.people(reading(), now(), after=after)
        for person in page.people:
            click.echo(f"{person.email:<40} {person.name:<30} {person.roles_text} ({person.state})")
        if page.after is None:
            return
        after = page.after
