"""Who disagrees with what a discussion decided, and how that is resolved (E4)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading
from app.meetings.discussion.rules import WRITABLE
from app.meetings.escalation import queries, rules, service
from app.meetings.escalation.forms import StepForm, StrikeForm
from app.meetings.escalation.page import shown, strikable
from app.meetings.escalation.types import Move
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.routes import meeting_or_404, note_view, once
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("escalation", __name__)


@blueprint.get("/discussions/<ref>/disagreements")
@access(staff_may(Permission.DISCUSSION_SEE))
def disagreements(ref: str) -> Response:
    note_view(ref, "disagreements")
    return _page(meeting_or_404(reading(), ref))


@blueprint.post("/discussions/<ref>/disagreements/<int:escalation_id>")
@access(staff_may(Permission.DISCUSSION_WRITE))
def step(ref: str, escalation_id: int) -> Response:
    """What came of the step it stands at: it ended, or the next step takes it."""
    meeting, form = meeting_or_404(reading(), ref), _form(escalation_id)
    ref = meeting.ref
    if not any(one.escalation.id == escalation_id for one in _all(meeting)):
        abort(404)
    if form.validate_on_submit():
        actor, moment = signed_in().actor, now()
        there = url_for(
            "escalation.disagreements", ref=ref, _anchor=f"disagreement-{escalation_id}"
        )

        def act(session: Session) -> str:
            held = queries.to_change(session, ref, escalation_id)
            if held is None:
                raise Refused("words", service.CHANGED_MEANWHILE)
            found = session.get_one(Meeting, held.meeting_id)
            given = (form.words.data or "", form.version.data or 0, moment)
            if form.move is Move.NEXT:
                service.hand_on(session, actor, found, held, *given)
            else:
                service.end(session, actor, found, held, form.how, *given)
            return there

        location = once(form, act)
        if location is not None:
            flash("What came of it is recorded.", "success")
            return go_to(location)
    return _page(meeting_or_404(reading(), ref), escalation_id, form)


@blueprint.route(
    "/discussions/<ref>/disagreements/<int:escalation_id>/strike", methods=["GET", "POST"]
)
@access(staff_may(Permission.DISCUSSION_WRITE))
def strike(ref: str, escalation_id: int) -> Response:
    """A disagreement that was recorded by mistake."""
    note_view(ref, "strike a disagreement")
    meeting = meeting_or_404(reading(), ref)
    one = next((one for one in _all(meeting) if one.escalation.id == escalation_id), None)
    if one is None:
        abort(404)
    there = url_for(".disagreements", ref=meeting.ref, _anchor=f"disagreement-{escalation_id}")
    form = StrikeForm(version=one.escalation.version)
    if not form.is_submitted() and not (
        meeting.state in WRITABLE and strikable(one.dissent, one.escalation, meeting.signed_at)
    ):
        flash(rules.NOT_STRUCK)
        return go_to(there)
    if form.validate_on_submit():
        actor, moment = signed_in().actor, now()

        def act(session: Session) -> str:
            found = meeting_for_change(session, ref) or abort(404)
            held = queries.to_change(session, ref, escalation_id) or abort(404)
            given = (form.reason.data or "", form.version.data or 0, moment)
            service.strike(session, actor, found, held, *given)
            return there

        location = once(form, act)
        if location is not None:
            flash("The disagreement is struck: the record is without it.", "success")
            return go_to(location)
    return respond(
        "meetings/escalation/strike.html",
        status=422 if form.errors else 200,
        form=form,
        ref=meeting.ref,
        one=one,
        there=there,
    )


def _form(escalation_id: int, **given: object) -> StepForm:
    """Several may stand on one page: each has names of its own."""
    return StepForm(prefix=f"step-{escalation_id}", **given)


def _all(meeting: Meeting) -> list[queries.Disagreement]:
    return queries.of_meeting(reading(), meeting.id)


def _page(meeting: Meeting, failed: int = 0, form: StepForm | None = None) -> Response:
    moment, notes = now(), queries.notes_of(reading(), meeting.id)
    pages = [shown(one, notes, meeting.signed_at, moment) for one in _all(meeting)]
    return respond(
        "meetings/escalation/page.html",
        status=422 if form is not None else 200,
        ref=meeting.ref,
        disagreements=pages,
        forms={
            one.id: form
            if form is not None and one.id == failed
            else _form(one.id, formdata=None, version=one.version)
            for one in pages
        },
        form=form,
        may_write=may(Permission.DISCUSSION_WRITE),
        may_strike=meeting.state in WRITABLE,
    )
