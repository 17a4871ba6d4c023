"""The page on which the links that somebody was sent are withdrawn."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.meetings.queries import invitee as invitee_of
from app.meetings.routes import meeting_or_404, once
from app.meetings.withdrawing.service import withdraw_links
from app.web.access import access
from app.web.forms import OnceForm
from app.web.htmx import go_to, respond

blueprint = Blueprint("withdrawing", __name__)


@blueprint.route("/discussions/<ref>/invitees/<int:invitee_id>/links", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def links(ref: str, invitee_id: int) -> Response:
    form = OnceForm()
    meeting = meeting_or_404(reading(), ref)
    invitee = invitee_of(reading(), meeting.id, invitee_id) or abort(404)
    if form.validate_on_submit():
        staff, moment = signed_in(), now()

        def act(session: Session) -> str:
            withdraw_links(session, staff, meeting.ref, invitee_id, moment)
            return url_for("meetings.overview", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
            flash("The links are withdrawn: they open nothing any more.", "success")
            return go_to(location)
        meeting = meeting_or_404(reading(), ref)
        invitee = invitee_of(reading(), meeting.id, invitee_id) or abort(404)
    return respond(
        "meetings/withdrawing.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        invitee=invitee,
    )
