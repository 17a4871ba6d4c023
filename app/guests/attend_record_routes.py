"""The reader's own copy of the signed record (F5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, abort, flash, make_response, url_for
from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests import service
from app.guests.blueprint import blueprint
from app.guests.forms import ButtonForm
from app.guests.visitors import Guest, visitor
from app.records import circulation
from app.web.access import access
from app.web.htmx import go_to

Mark = Callable[[Session, Actor, int, datetime], None]


@blueprint.get("/attend/record")
@access(Guest())
def record() -> Response:
    return _copy("inline", circulation.mark_opened)


@blueprint.get("/attend/record/download")
@access(Guest())
def record_download() -> Response:
    return _copy("attachment", circulation.mark_downloaded)


@blueprint.post("/attend/record/read")
@access(Guest())
def acknowledge() -> Response:
    form = ButtonForm()
    if not form.validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            circulation.acknowledge(session, visitor().actor, visitor().invitee_id, now())
        flash("Thank you. It is noted that you have read the record.", "success")
    except Refused as refusal:
        flash(refusal.message, "important")
    return go_to(url_for("guests.meeting", _anchor="record"))


def _copy(disposition: str, mark: Mark) -> Response:
    """The file, once the ledger and the audit know that it is about to be sent (F5, H3)."""
    who = visitor()
    try:
        with transaction() as session:
            mark(session, who.actor, who.invitee_id, now())
            service.look(session, who, "record", now())
    except Refused:
        abort(404)
    copy = circulation.copy_for_invitee(reading(), who.invitee_id)
    if copy is None:
        abort(404)
    response = make_response(copy.pdf)
    response.mimetype = "application/pdf"
    response.headers.set("Content-Disposition", disposition, filename=copy.name)
    return response
