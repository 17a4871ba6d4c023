"""What follows a cancelled discussion of an open case."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now, words_for_moment
from app.core.session import reading, transaction
from app.meetings import queries
from app.meetings.need import again_service as service
from app.meetings.need.forms import AgainForm, NotNeededForm
from app.meetings.routes import once
from app.protocols.wording import time_left
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("again", __name__)


@blueprint.route("/discussions/<ref>/again", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def again(ref: str) -> Response:
    """Book it again: the same children, the same need, the same deadline."""
    form = AgainForm()

    def act(session: Session) -> str:
        meeting = service.book_again(session, signed_in(), ref.upper(), now())
        return url_for("booking.book", ref=meeting.ref)

    if request.method == "POST" and form.validate():
        location = once(form, act)
        if location is not None:
            return go_to(location)
    return _page(ref, form, NotNeededForm(prefix="settled-"))


@blueprint.post("/discussions/<ref>/not-needed")
@access(staff_may(Permission.DISCUSSION_NEED))
def not_needed(ref: str) -> Response:
    form = NotNeededForm(prefix="settled-")

    def act(session: Session) -> str:
        service.not_needed(session, signed_in(), ref.upper(), form.reason.data, now())
        flash("It is noted that no other discussion is needed.", "success")
        return url_for("reports.first_page")

    if form.validate():
        location = once(form, act)
        if location is not None:
            return go_to(location)
    return _page(ref, AgainForm(), form)


def _page(ref: str, form: AgainForm, not_needed: NotNeededForm) -> Response:
    session, moment = reading(), now()
    meeting = queries.meeting_by_ref(session, ref.upper())
    if meeting is None:
        abort(404)
    settled = not service.stands_open(session, meeting)
    if settled and not (form.errors or not_needed.errors):
        return go_to(url_for("meetings.overview", ref=meeting.ref))
    about = service.children_of_next(session, meeting)
    children = [one for one in queries.children_of(session, meeting.id) if one.id in about]
    with transaction() as changing:
        subject = Subject("meeting", meeting.ref)
        viewed(changing, signed_in().actor, "after cancelling", subject, moment)
    return respond(
        "meetings/need/again.html",
        status=422 if form.errors or not_needed.errors else 200,
        form=form,
        not_needed=not_needed if may(Permission.DISCUSSION_NEED) else None,
        meeting=meeting,
        settled=settled,
        children=[child.name for child in children],
        due=meeting.due_at and words_for_moment(meeting.due_at),
        left=meeting.due_at and time_left(meeting.due_at, moment),
    )
