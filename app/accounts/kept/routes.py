"""One's own kept forms: shown, and sent once more."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app.accounts.kept import queries, rules, service
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading, transaction
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("kept", __name__)
SIGNED_IN = staff_may(Permission.SIGNED_IN)
GONE = "That was sent already, or was kept for more than 12 hours."


@blueprint.get("/session/kept/<int:kept_id>")
@access(SIGNED_IN)
def show(kept_id: int) -> ResponseReturnValue:
    kept = queries.kept_form(reading(), signed_in().id, kept_id, now())
    if kept is None:
        # Sent meanwhile, and they went back; the same for a number that never was theirs.
        flash(GONE)
        return go_to(url_for("accounts.account"))
    return respond("accounts/kept.html", kept=kept, typed=rules.passages(kept.fields))


@blueprint.post("/session/kept/<int:kept_id>")
@access(SIGNED_IN)
def send(kept_id: int) -> ResponseReturnValue:
    """Goes on, with everything in it, to where it was going. It acts once."""
    kept = queries.kept_form(reading(), signed_in().id, kept_id, now())
    with transaction() as session:
        given = service.give_back(session, signed_in().actor, signed_in().id, kept_id, now())
    if kept is None or not given:
        flash(GONE)
        return go_to(url_for("accounts.account"))
    return redirect(kept.address, code=307)
