"""When a discussion began and ended is put right, before its record is signed."""

from __future__ import annotations

from flask import Blueprint, Response, flash, url_for

from app.accounts.signed_in import signed_in
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.discussion import queries
from app.meetings.discussion.forms import TimesForm
from app.meetings.discussion.questions import TIMES_REASON
from app.meetings.discussion.routes import WRITE, meeting_or_404, to_change
from app.meetings.discussion.times import CORRECTABLE, correct_times, shown
from app.meetings.discussion.types import MEETING
from app.meetings.need.forms import moment_of
from app.web.access import access
from app.web.forms import add_refusal
from app.web.htmx import go_to, respond

blueprint = Blueprint("discussion_times", __name__)


@blueprint.route("/discussions/<ref>/hold/times", methods=["GET", "POST"])
@access(WRITE)
def times(ref: str) -> Response:
    meeting = meeting_or_404(ref)
    here = url_for("discussion.hold", ref=ref)
    if meeting.state not in CORRECTABLE:
        return go_to(here)
    said = queries.entries_of(reading(), meeting).get((MEETING, TIMES_REASON.key))
    form = TimesForm(
        started_at=meeting.started_at,
        ended_at=meeting.ended_at,
        seen=shown(meeting, said.version if said else 0),
    )
    if meeting.ended_at is None:
        del form.ended_at
    if form.validate_on_submit():
        try:
            with transaction() as session:
                correct_times(
                    session,
                    signed_in().actor,
                    to_change(session, ref),
                    moment_of(form.started_at) or now(),
                    moment_of(form.ended_at) if form.ended_at else None,
                    form.reason.data or "",
                    now(),
                    form.seen.data or "",
                )
            flash("The times are corrected, and the clocks that run from them.", "success")
            return go_to(here)
        except Refused as refusal:
            add_refusal(form, refusal)
            meeting = meeting_or_404(ref)
            said = queries.entries_of(reading(), meeting).get((MEETING, TIMES_REASON.key))
            form.seen.data = shown(meeting, said.version if said else 0)
    return respond(
        "meetings/discussion/times.html",
        status=422 if form.errors else 200,
        form=form,
        ref=ref,
        said=said.value if said else "",
    )
