"""A child who joined the referral: one press takes them into its discussion; or none is needed."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings import queries
from app.meetings.joined import service
from app.meetings.joined.forms import NoneNeededForm
from app.meetings.joined.queries import unspoken
from app.meetings.routes import meeting_or_404, note_view_of, once
from app.meetings.types import MeetingState
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("joined", __name__)


@blueprint.post("/discussions/<ref>/children")
@access(staff_may(Permission.DISCUSSION_BOOK))
def add(ref: str) -> Response:
    """Pressed twice it says that nothing is left to add."""
    with transaction() as session:
        meeting = queries.meeting_for_change(session, ref.upper()) or abort(404)
        try:
            names = service.add(session, signed_in().actor, meeting, sender(), now())
        except Refused as refusal:
            flash(refusal.message)
        else:
            said = f"Added to this discussion: {', '.join(names)}."
            if meeting.state is MeetingState.BOOKED:
                said += " Everybody invited is told that there is more to look up. See who else "
                said += "has to come now."
            flash(said, "success")
    return go_to(url_for("meetings.overview", ref=ref.upper()))


@blueprint.route("/discussions/<ref>/children/none-needed", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_NEED))
def none_needed(ref: str) -> Response:
    """No discussion is needed for those who joined; the reason stays with them on the referral."""
    form = NoneNeededForm()

    def act(session: Session) -> str:
        meeting = queries.meeting_for_change(session, ref.upper()) or abort(404)
        names = service.none_needed(
            session,
            signed_in().actor,
            meeting,
            form.children.data or (),
            form.reason.data,
            now(),
        )
        flash(f"It is noted that no discussion is needed for {', '.join(names)}.", "success")
        return url_for("meetings.overview", ref=meeting.ref)

    if request.method == "POST" and form.validate():
        location = once(form, act)
        if location is not None:
            return go_to(location)
    session = reading()
    meeting = meeting_or_404(session, ref)
    children = unspoken(session, [meeting.id]).get(meeting.id, [])
    if not children and not form.errors:
        return go_to(url_for("meetings.overview", ref=meeting.ref))
    form.children.choices = [(one.row.child_id, one.name) for one in children]
    if request.method == "GET" and len(children) == 1:
        form.children.data = [children[0].row.child_id]
    note_view_of(meeting.ref, "children who joined")
    return respond(
        "meetings/overview/none_needed.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        children=[one.name for one in children],
    )
