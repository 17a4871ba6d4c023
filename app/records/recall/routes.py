"""Taking a released record back (F5)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, flash, request, url_for

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import views_of_page
from app.audit.types import Subject
from app.core.clock import now
from app.core.config import Settings
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.messages import Sender
from app.meetings.queries import meeting_by_ref, meeting_for_change
from app.records.extracts.service import page_of
from app.records.pages import circulate_page
from app.records.recall import service
from app.records.recall.forms import CloseForm, RecallForm
from app.web.access import access
from app.web.forms import add_refusal
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none

blueprint = Blueprint("record_recall", __name__, url_prefix="/discussions")


@blueprint.route("/<ref>/record/recall", methods=["GET", "POST"])
@access(staff_may(Permission.RECORD_SIGN))
def recall(ref: str) -> Response:
    """The page says who opened it and who will be told, before anything is done."""
    form = RecallForm()
    meeting = meeting_by_ref(reading(), ref) or abort(404)
    if form.validate_on_submit():
        held: Settings = current_app.extensions["settings"]
        try:
            with transaction() as session:
                told = service.recall(
                    session,
                    signed_in(),
                    meeting_for_change(session, ref) or abort(404),
                    whole_or_none(form.number.data or "") or 0,
                    form.reason.data,
                    Sender(mail_from=held.mail_from, base_url=held.base_url),
                    now(),
                )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            flash(f"The record is recalled. {told} told by email to delete it.", "success")
            return go_to(url_for("records.circulate", ref=ref))
    page = circulate_page(reading(), meeting, now())
    if not page.recallable and request.method == "GET":
        return go_to(url_for("records.circulate", ref=ref))
    form.number.data = form.number.data or str(page.recallable)
    return respond(
        "records/recall/recall.html",
        form=form,
        page=page,
        parts=views_of_page(reading(), Subject("meeting", ref), page_of(page.recallable)),
        status=422 if form.errors else 200,
    )


@blueprint.route("/<ref>/record/recall/close", methods=["GET", "POST"])
@access(staff_may(Permission.RECORD_SIGN))
def close(ref: str) -> Response:
    """No corrected version follows: the record leaves the work that waits (F8)."""
    form = CloseForm()
    meeting = meeting_by_ref(reading(), ref) or abort(404)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                service.close(
                    session,
                    signed_in(),
                    meeting_for_change(session, ref) or abort(404),
                    form.reason.data,
                    now(),
                )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            flash("The recalled record is closed. No corrected record follows.", "success")
            return go_to(url_for("records.circulate", ref=ref))
    page = circulate_page(reading(), meeting, now())
    if not page.closable and request.method == "GET":
        return go_to(url_for("records.circulate", ref=ref))
    return respond(
        "records/recall/close.html", form=form, page=page, status=422 if form.errors else 200
    )
