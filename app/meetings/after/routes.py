"""What follows a discussion: seen, and noted step by step (F8)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.after import queries, service
from app.meetings.after.carrying import standing_of
from app.meetings.after.forms import StepForm, ToldForm
from app.meetings.after.models import ChildAfter
from app.meetings.after.page import page_of
from app.meetings.after.rules import CHOICES, NEEDS_REASON, open_to
from app.meetings.after.types import Noted, Step
from app.meetings.need.forms import moment_of
from app.meetings.queries import meeting_for_change
from app.meetings.routes import meeting_or_404, note_view, once
from app.referrals.models import Child
from app.referrals.shown import name_of
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none

blueprint = Blueprint("after", __name__)

# What is asked on each step: the label of the date, then of the choice and of the reason.
ASKED: dict[Step, tuple[str, str, str]] = {
    Step.BEGAN: ("When did the section 47 enquiry begin?", "", ""),
    Step.QUALITY: ("When was the quality service told?", "", ""),
    Step.CONFERENCE: ("When was it decided?", "Is a conference required?", "Why"),
    Step.REFERRAL: ("When was the referral made to the quality service?", "", ""),
    Step.BOOKING: ("When is the conference held?", "", "If it is after the limit: why"),
    Step.HELD: ("When was the conference held?", "What did it decide?", ""),
    Step.ENQUIRY: ("When did the enquiry end?", "How did the section 47 enquiry end?", "Why"),
    Step.ASSESSMENT: ("When was the assessment complete?", "", ""),
    Step.REVIEW: ("When was it held?", "", ""),
}


@blueprint.get("/discussions/<ref>/after")
@access(staff_may(Permission.DISCUSSION_SEE))
def after(ref: str) -> Response:
    note_view(ref, "what follows")
    session = reading()
    page = page_of(session, meeting_or_404(session, ref), signed_in(), now())
    if page is None:
        return go_to(url_for("meetings.overview", ref=ref))
    return respond("meetings/after/page.html", page=page)


@blueprint.route("/discussions/<ref>/after/<child_ref>/<step>", methods=["GET", "POST"])
@access(staff_may(Permission.AFTER_FOLLOW))
def note(ref: str, child_ref: str, step: str) -> Response:
    note_view(ref, "what follows, noted")
    row, child, chosen = _there(reading(), ref, child_ref, step)
    form = StepForm()
    if not row.carries and not form.is_submitted():
        flash(f"{service.CARRIED_ON}.")
        return go_to(url_for(".after", ref=ref))
    form.ask(list(CHOICES.get(chosen, ())), reason=chosen in NEEDS_REASON)
    if not form.is_submitted():
        form.version.data = str(row.version)
        form.at.process(None, None if chosen in (Step.BEGAN, Step.BOOKING) else now())
    elif form.validate_on_submit():
        actor, moment, here = signed_in().actor, now(), url_for(".after", ref=ref)
        at = moment_of(form.at) or moment
        noted = Noted(at, form.choice.data or "", form.reason.data or "")
        seen = whole_or_none(form.version.data) or 0

        def act(session: Session) -> str:
            meeting = meeting_for_change(session, ref) or abort(404)
            service.note(session, actor, meeting, child.id, chosen, noted, seen, moment)
            return here

        location = once(form, act)
        if location is not None:
            flash("It is noted.", "success")
            return go_to(location)
        row, child, chosen = _there(reading(), ref, child_ref, step)
        form.version.data = str(row.version)  # the next sending answers what stands there now
    when, which, why = ASKED[chosen]
    return respond(
        "meetings/after/step.html",
        status=422 if form.errors else 200,
        form=form,
        ref=ref,
        name=name_of(child),
        step=chosen,
        when=when,
        which=which,
        why=why,
        asks_why=chosen in NEEDS_REASON or chosen is Step.BOOKING,
        limit_at=row.icpc_due_at if chosen is Step.BOOKING else None,
    )


@blueprint.post("/discussions/<ref>/after/notices/<int:message_id>/told")
@access(staff_may(Permission.AFTER_FOLLOW))
def told(ref: str, message_id: int) -> Response:
    if not ToldForm().validate_on_submit():
        abort(400)
    note_view(ref, "what follows, noted")
    try:
        with transaction() as session:
            meeting = meeting_for_change(session, ref) or abort(404)
            service.told(session, signed_in().actor, meeting, message_id, now())
    except Refused as refusal:
        flash(refusal.message, "important")
    else:
        flash("It is noted.", "success")
    return go_to(url_for(".after", ref=ref))


def _there(session: Session, ref: str, child_ref: str, step: str) -> tuple[ChildAfter, Child, Step]:
    """The child's row and the step; 404 where there is no such thing, or nothing to note on it."""
    meeting = meeting_or_404(session, ref)
    if step not in {one.value for one in Step} or meeting.ended_at is None:
        abort(404)
    chosen, ended_at = Step(step), meeting.ended_at
    found = (
        (row, child, chosen)
        for row, child in queries.of_meeting(session, meeting.id)
        if child.ref == child_ref and open_to(standing_of(row, ended_at), chosen)
    )
    return next(found, None) or abort(404)
