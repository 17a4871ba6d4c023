"""A referral as it was sent by the public form: read, taken in or closed by staff (A1, A12)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, make_response, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.referrals.arrivals import queries, service
from app.referrals.arrivals.forms import CloseForm, ReopenForm
from app.referrals.letters.queries import letters_on_form
from app.referrals.outcome.types import FilterReason
from app.referrals.public import queries as public
from app.referrals.public.models import Arrival
from app.referrals.public.shown import answers_in_words
from app.referrals.public.types import Told
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("arrivals", __name__, url_prefix="/referrals")


@blueprint.get("/<ref>/as-sent")
@access(staff_may(Permission.REFERRAL_SEE))
def as_sent(ref: str) -> Response:
    moment = now()
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, "as sent", Subject("referral", held.ref), moment)
    session = reading()
    held = found(session, ref)
    assert held.sent_at is not None
    files = public.files_of(session, held.id)
    who, *rest = answers_in_words(Told.from_text(held.answers), None if files else (), held.sent_at)
    return respond(
        "referrals/as_sent.html",
        held=held,
        sections=[who._replace(title="Who sent it"), *rest],
        files=files,
        settled=queries.settled(session, held.id),
        reopenings=queries.reopenings(session, held.id),
        letters=letters_on_form(session, held.id),
        may_write=may(Permission.REFERRAL_LETTER),
        may_enter=may(Permission.REFERRAL_ENTER),
        may_close=may(Permission.REFERRAL_DECIDE),
    )


@blueprint.get("/<ref>/as-sent/files/<int:number>")
@access(staff_may(Permission.REFERRAL_SEE))
def file(ref: str, number: int) -> Response:
    """A file as it was sent: always as a download."""
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, "file as sent", Subject("referral", held.ref), now())
    kept = public.file_of(reading(), found(reading(), ref).id, number)
    if kept is None:
        abort(404)
    response = make_response(kept.content)
    response.mimetype = kept.media_type
    response.headers.set("Content-Disposition", "attachment", filename=kept.name)
    return response


@blueprint.route("/<ref>/as-sent/close", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def close(ref: str) -> Response:
    held, form = found(reading(), ref), CloseForm()
    ref = held.ref
    if request.method == "POST" and form.validate():
        try:
            with transaction() as session:
                service.close(
                    session, signed_in().actor, ref, FilterReason(form.filtered.data),
                    form.because.data, now(),
                )  # fmt: skip
            flash(f"{ref} is closed, and counted as no referral.", "success")
            return go_to(url_for("arrivals.as_sent", ref=ref))
        except Refused as refusal:
            form.add_error("because", refusal.message)
    return respond(
        "referrals/as_sent_close.html", None, 422 if form.errors else 200, form=form, held=held
    )


@blueprint.route("/<ref>/as-sent/reopen", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def reopen(ref: str) -> Response:
    held, form = found(reading(), ref), ReopenForm()
    ref = held.ref
    if request.method == "POST" and form.validate():
        try:
            with transaction() as session:
                service.reopen(session, signed_in().actor, ref, form.reason.data, now())
            flash(f"{ref} is open again, and waits to be taken in.", "success")
            return go_to(url_for("arrivals.as_sent", ref=ref))
        except Refused as refusal:
            form.add_error("reason", refusal.message)
    return respond(
        "referrals/as_sent_reopen.html", None, 422 if form.errors else 200, form=form, held=held
    )


def found(session: Session, ref: str) -> Arrival:
    """What was sent under this reference, else no such page."""
    return public.by_ref(session, ref) or abort(404)
