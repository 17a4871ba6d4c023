"""Keeping what is booked beside what took place at once."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.meetings.beside import took_place_since
from app.meetings.keeping import service
from app.meetings.keeping.forms import KeepForm
from app.meetings.restricted.hidden import masked
from app.meetings.routes import meeting_or_404, note_view_of, once
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("keeping", __name__)


@blueprint.route("/discussions/<ref>/keep", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def keep(ref: str) -> Response:
    form = KeepForm()

    def act(session: Session) -> str:
        kept = service.keep(session, signed_in(), ref.upper(), form.reason.data, now())
        flash("The discussion is kept, with its reason.", "success")
        return url_for("meetings.overview", ref=kept.ref)

    if request.method == "POST" and form.validate():
        location = once(form, act)
        if location is not None:
            return go_to(location)
    session = reading()
    meeting = meeting_or_404(session, ref)
    since = masked(took_place_since(session, meeting), at=None)
    if not since and not form.errors:
        return go_to(url_for("meetings.overview", ref=meeting.ref))
    note_view_of(meeting.ref, "keeping what is booked")
    return respond(
        "meetings/overview/keep.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        since=since,
    )
