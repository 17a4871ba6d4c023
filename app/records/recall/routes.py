"""Taking a released record back (F5)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.queries import meeting_by_ref, meeting_for_change
from app.meetings.routes import note_view, once
from app.records.circulate_page import circulate_page
from app.records.recall import service
from app.records.recall.forms import CloseForm, RecallForm, ToldForm
from app.records.recall.page import calls_page, recall_page
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.forms import BaseForm, add_refusal
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none

_Said = tuple[str, str]  # what a change came to, and how the flash says so

blueprint = Blueprint("record_recall", __name__, url_prefix="/discussions")
CIRCULATE = staff_may(Permission.RECORD_CIRCULATE)


@blueprint.route("/<ref>/record/recall", methods=["GET", "POST"])
@access(staff_may(Permission.RECORD_SIGN))
def recall(ref: str) -> Response:
    """The page says what ends, who opened it and who will be told, before anything is done."""
    form = RecallForm()

    def take_back(session: Session, meeting: Meeting) -> _Said:
        done = service.recall(
            session,
            signed_in(),
            meeting,
            whole_or_none(form.number.data or "") or 0,
            form.reason.data,
            sender(),
            now(),
        )
        said = f"The record is recalled. {done.told} told by email to delete it."
        if not done.not_by_email:
            return said, "success"
        # Something is left to do: it must not look done.
        names = ", ".join(done.not_by_email)
        return f"{said} No letter tells {names}: telephone them.", "important"

    meeting = meeting_by_ref(reading(), ref) or abort(404)
    if _done(ref, form, take_back):
        return _circulation(ref)
    page = recall_page(reading(), meeting)
    if not page.recallable and request.method == "GET":
        return _circulation(ref)
    form.number.data = form.number.data or str(page.number)
    return respond(
        "records/recall/recall.html", form=form, page=page, status=422 if form.errors else 200
    )


@blueprint.route("/<ref>/record/recall/close", methods=["GET", "POST"])
@access(staff_may(Permission.RECORD_SIGN))
def close(ref: str) -> Response:
    """No corrected version follows: the record leaves the work that waits (F8)."""
    form = CloseForm()

    def settle(session: Session, meeting: Meeting) -> _Said:
        service.close(session, signed_in(), meeting, form.reason.data, now())
        return "The recalled record is closed. No corrected record follows.", "success"

    meeting = meeting_by_ref(reading(), ref) or abort(404)
    if _done(ref, form, settle):
        return _circulation(ref)
    page = circulate_page(reading(), meeting, now())
    if not page.closable and request.method == "GET":
        return _circulation(ref)
    return respond(
        "records/recall/close.html", form=form, page=page, status=422 if form.errors else 200
    )


@blueprint.get("/<ref>/record/recall/telephone")
@access(CIRCULATE)
def calls(ref: str) -> Response:
    """Whom no letter tells that the record was taken back."""
    note_view(ref, "whom to tell of the recall")
    return _calls(ref, 0, ToldForm(formdata=None))


@blueprint.post("/<ref>/record/recall/telephone/<int:invitee_id>")
@access(CIRCULATE)
def told(ref: str, invitee_id: int) -> Response:
    """One of them was told."""
    form = ToldForm()
    if form.validate_on_submit():
        staff, moment = signed_in(), now()

        def act(session: Session) -> str:
            meeting = meeting_for_change(session, ref) or abort(404)
            service.told(session, staff, meeting, invitee_id, form.said.data, moment)
            return url_for(".calls", ref=ref)

        location = once(form, act)
        if location is not None:
            flash("The call is noted.", "success")
            return go_to(location)
    return _calls(ref, invitee_id, form)


def _calls(ref: str, failed: int, form: ToldForm) -> Response:
    session = reading()
    page = calls_page(session, meeting_by_ref(session, ref) or abort(404))
    return respond(
        "records/recall/calls.html",
        status=422 if form.errors else 200,
        page=page,
        form=form,
        forms={
            one.invitee_id: form if one.invitee_id == failed else ToldForm(formdata=None)
            for one in page.waiting
        },
    )


def _done(ref: str, form: BaseForm, change: Callable[[Session, Meeting], _Said]) -> bool:
    """Whether a form that was sent changed the record. What it came to, as `change` says it, is
    told on the next page; a refusal stands on the form."""
    if not form.validate_on_submit():
        return False
    try:
        with transaction() as session:
            said = change(session, meeting_for_change(session, ref) or abort(404))
    except Refused as refusal:
        add_refusal(form, refusal)
        return False
    flash(*said)
    return True


def _circulation(ref: str) -> Response:
    return go_to(url_for("records.circulate", ref=ref))
