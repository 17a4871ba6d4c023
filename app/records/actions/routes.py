"""Open actions, and what is said of one (E3)."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed_together
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.actions import queries
from app.meetings.after.page import ActionLine, action_line, action_lines
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee
from app.meetings.queries import meeting_for_change
from app.meetings.restricted.hidden import WORDS, hidden_cases, masked
from app.meetings.routes import meeting_or_404, note_view
from app.meetings.types import ActionState
from app.records.actions import handover, service
from app.records.actions.forms import HandOverForm, ProgressForm
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.numbers import whole, whole_or_none

blueprint = Blueprint("record_actions", __name__)
FOLLOW = staff_may(Permission.AFTER_FOLLOW)
PAGE = 25


@blueprint.get("/actions")
@access(FOLLOW)
def actions() -> Response:
    """Every open action, the most overdue first; `mine` keeps to one's own."""
    mine = "mine" in request.args
    staff_id = signed_in().id if mine else None
    rows = queries.open_actions(reading(), PAGE + 1, _key(), staff_id)
    moment, own = now(), "1" if mine else None
    hidden = hidden_cases()
    with transaction() as session:
        seen = [Subject("meeting", one.ref) for one in rows[:PAGE] if one.ref not in hidden]
        viewed_together(session, signed_in().actor, "actions", seen, moment)
    older = ""
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        older = url_for(".actions", due=last.due_at.isoformat(), after=last.id, mine=own)
    return respond(
        "records/actions/list.html",
        actions=masked(
            (action_line(one, moment, may_report=True) for one in rows[:PAGE]),
            what=WORDS,
            why="",
            owner="",
            left="",
            telephone="",
            progress="",
        ),
        mine=mine,
        older=older,
        first=url_for(".actions", mine=own) if request.args.get("due") else "",
    )


@blueprint.route("/discussions/<ref>/actions/<int:number>", methods=["GET", "POST"])
@access(FOLLOW)
def report(ref: str, number: int) -> Response:
    """How one action stands, as its owner told the desk, or as staff say of their own."""
    note_view(ref, "action")
    form, status = ProgressForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction() as session:
                    meeting = meeting_or_404(session, ref)
                    held = queries.action_to_change(session, meeting.id, number) or abort(404)
                    service.reported(
                        session,
                        signed_in().actor,
                        meeting.ref,
                        held,
                        ActionState(form.state.data),
                        form.progress.data or "",
                        whole_or_none(form.version.data) or 0,
                        now(),
                    )
                flash("It is noted how the action stands.", "success")
                return go_to(url_for("after.after", ref=ref, _anchor="actions"))
            except Refused as refusal:
                form.add_error(refusal.field, refusal.message)
    session = reading()
    action = queries.action_of(session, meeting_or_404(session, ref).id, number) or abort(404)
    if not form.is_submitted():
        form.state.data, form.progress.data = action.state.value, action.progress
    # The next sending answers what stands on the page now.
    form.version.data = str(action.version)
    shown = _shown(session, action)
    return respond("records/actions/report.html", status=status, form=form, action=shown)


@blueprint.route("/discussions/<ref>/actions/<int:number>/owner", methods=["GET", "POST"])
@access(FOLLOW)
def hand_over(ref: str, number: int) -> Response:
    """An open action goes to somebody else, once the record is signed."""
    note_view(ref, "owner of an action")
    session = reading()
    meeting = meeting_or_404(session, ref)
    action = queries.action_of(session, meeting.id, number) or abort(404)
    form, status = HandOverForm(), 200
    form.to.choices = [(str(one.id), _taker(one)) for one in handover.takers(meeting, action)]
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction() as writing:
                    held = meeting_for_change(writing, ref) or abort(404)
                    letters = handover.hand_over(
                        writing,
                        signed_in(),
                        held,
                        queries.action_to_change(writing, held.id, number) or abort(404),
                        whole_or_none(form.to.data),
                        form.reason.data or "",
                        whole_or_none(form.version.data) or 0,
                        sender(),
                        now(),
                    )
                told = "They are told by mail." if letters else "No letter goes to them: tell them."
                flash(f"The action is handed over. {told}", "success")
                return go_to(url_for("after.after", ref=ref, _anchor="actions"))
            except Refused as refusal:
                form.add_error(refusal.field, refusal.message)
    session = reading()
    meeting = meeting_or_404(session, ref)
    action = queries.action_of(session, meeting.id, number) or abort(404)
    form.to.choices = [(str(one.id), _taker(one)) for one in handover.takers(meeting, action)]
    form.version.data = str(action.version)
    return respond(
        "records/actions/hand_over.html",
        status=status,
        form=form,
        action=_shown(session, action),
        protected=bool(action.protects),
        why_not=handover.why_not(meeting, action),
    )


def _taker(one: Invitee) -> str:
    """Somebody who may take an action over, and how they learn of it."""
    words = f"{one.name}, {one.title}, {one.agency_name}"
    if one.can_be_written:
        return words
    on = f" on {one.telephone}" if one.telephone else ""
    why = "Their links are withdrawn" if one.links_withdrawn_at else "No email address"
    return f"{words}. {why}: telephone them{on}"


def _shown(session: Session, action: Action) -> ActionLine:
    lines = action_lines(session, action.meeting_id, now(), may_report=True)
    return next(one for one in lines if one.id == action.id)


def _key() -> tuple[datetime, int] | None:
    """The last action of the page before; None on the first page and for what is no key."""
    try:
        due_at = datetime.fromisoformat(request.args.get("due", ""))
    except ValueError:
        return None
    after = request.args.get("after", type=whole)
    return None if after is None or due_at.tzinfo is None else (due_at, after)
