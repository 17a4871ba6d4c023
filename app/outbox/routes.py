"""Deliveries, and in the example area the mail itself."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.outbox import example, queries, service
from app.outbox.forms import SeenForm
from app.outbox.pages import shown
from app.outbox.transport import MAIL_FOLDER
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.numbers import whole

blueprint = Blueprint("outbox", __name__)
PAGE = 25
MAILS = 100


class ExampleArea:
    """Open to everybody in the example area, which is on loopback; elsewhere it is not there."""

    def describe(self) -> str:
        return "everyone, in the example area only"

    def refuse(self) -> ResponseReturnValue | None:
        if not SETTINGS.here().example:
            abort(404)
        return None


@blueprint.get("/deliveries")
@access(staff_may(Permission.DELIVERY_SEE))
def deliveries() -> Response:
    before = request.args.get("before", type=whole)
    session = reading()
    rows = queries.newest(session, before, PAGE + 1)
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    return respond(
        "outbox/deliveries.html",
        "outbox/_deliveries.html",
        failures=[shown(row) for row in queries.failures(session)] if before is None else [],
        waiting=[shown(row) for row in queries.waiting(session)] if before is None else [],
        held_since=queries.held_since(session),
        messages=[shown(row) for row in rows[:PAGE]],
        older=url_for(".deliveries", before=older) if older else "",
        first=url_for(".deliveries") if before is not None else "",
    )


@blueprint.post("/deliveries/<int:message_id>/seen")
@access(staff_may(Permission.DELIVERY_SEE))
def seen(message_id: int) -> Response:
    if not SeenForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            service.mark_seen(session, signed_in().actor, message_id, now())
    except Refused as refusal:
        flash(refusal.message, "important")
    else:
        flash("Marked as seen", "success")
    return go_to(url_for(".deliveries"))


@blueprint.get("/example/mail")
@access(ExampleArea())
def example_mail() -> Response:
    settings = SETTINGS.here()
    return respond(
        "outbox/example_mail.html",
        "outbox/_example_mail.html",
        mails=example.newest(settings.data_dir / MAIL_FOLDER, MAILS),
        elsewhere=settings.smtp_url is not None,
    )


@blueprint.get("/example/mail/<name>")
@access(ExampleArea())
def example_message(name: str) -> Response:
    settings = SETTINGS.here()
    mail = example.read(settings.data_dir / MAIL_FOLDER, name, settings.base_url)
    if mail is None:
        abort(404)
    return respond("outbox/example_message.html", mail=mail)
