"""Letters about a referral: choose, preview, send (A10)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, make_response, url_for
from sqlalchemy.orm import Session

from app.accounts.forms import PressForm
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.invitations.link_letters import link_preview
from app.invitations.types import LetterKind
from app.referrals.finding import found
from app.referrals.letters import queries, service
from app.referrals.letters.forms import LetterForm
from app.referrals.letters.paper import letter_pdf
from app.referrals.letters.types import LetterText, Recipient
from app.referrals.letters_out import sender
from app.referrals.models import Referral
from app.referrals.sender import desk_of
from app.referrals.shown import names_of
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("letters", __name__, url_prefix="/referrals/<ref>/letters")


@blueprint.route("", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_LETTER))
def letters(ref: str) -> Response:
    """Sent to by POST it only comes back with what was typed, to be changed."""
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, "letters", Subject("referral", held.ref), now())
    held = found(reading(), ref)
    form = LetterForm()
    form.newest.data = form.newest.data or queries.newest(reading(), held.id)
    return _page(held, form)


@blueprint.post("/preview")
@access(staff_may(Permission.REFERRAL_LETTER))
def preview(ref: str) -> Response:
    held = found(reading(), ref)
    form = _form(reading(), held)
    composed = _composed(held, form)
    if composed is None:
        return _page(held, form, 422)
    recipient, text = composed
    desk = desk_of(directory.council(reading()), sender())
    return respond(
        "referrals/letters/preview.html",
        referral=held,
        form=form,
        recipient=recipient,
        letter=text,
        mail=link_preview(LetterKind.OUTCOME, desk, service.PREVIEW, recipient.name),
    )


@blueprint.post("/preview.pdf")
@access(staff_may(Permission.REFERRAL_LETTER))
def preview_pdf(ref: str) -> Response:
    held = found(reading(), ref)
    form = _form(reading(), held)
    composed = _composed(held, form)
    if composed is None:
        return _page(held, form, 422)
    _recipient, text = composed
    response = make_response(letter_pdf(text, now()))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = "inline; filename=letter.pdf"
    return response


@blueprint.post("/send")
@access(staff_may(Permission.REFERRAL_LETTER))
def send(ref: str) -> Response:
    held = found(reading(), ref)
    form = _form(reading(), held)
    here = url_for("letters.letters", ref=held.ref)
    if not form.validate_on_submit():
        return _page(held, form, 422)
    try:
        with transaction() as session:
            if not (before := done_before(session, form.nonce.data)):
                service.send(
                    session, signed_in().actor, found(session, ref), form.to.data,
                    form.added.data, sender(), now(), form.newest.data or "",
                )  # fmt: skip
                mark_done(session, form.nonce.data, here, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        form.newest.data = queries.newest(reading(), held.id)  # the next one is sent knowing it
        return _page(held, form, 422)
    if not before:
        flash("The letter is on its way.", "success")
    return go_to(here)


@blueprint.post("/<letter_ref>/seen")
@access(staff_may(Permission.REFERRAL_LETTER))
def seen(ref: str, letter_ref: str) -> Response:
    """Its reader was told otherwise: the failure waits no longer."""
    if not PressForm().validate_on_submit():
        abort(400)
    held = found(reading(), ref)
    try:
        with transaction() as session:
            service.seen_to(session, signed_in().actor, found(session, ref), letter_ref, now())
        flash("Marked as seen to.", "success")
    except Refused as refusal:
        flash(refusal.message, "problem")
    return go_to(url_for("letters.letters", ref=held.ref))


def _composed(held: Referral, form: LetterForm) -> tuple[Recipient, LetterText] | None:
    """The letter as it would go now; None where the form says what is to be mended."""
    if not form.validate_on_submit():
        return None
    try:
        return service.compose(
            reading(), held, form.to.data, form.added.data, now(), service.PREVIEW
        )
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return None


def _form(session: Session, held: Referral) -> LetterForm:
    form = LetterForm()
    form.to.choices = [(one.key, one.key) for one in queries.recipients(session, held)]
    return form


def _page(held: Referral, form: LetterForm, status: int = 200) -> Response:
    session = reading()
    recipients = queries.recipients(session, held)
    form.to.choices = [
        (one.key, f"{one.to.label}: {one.name}, {one.agency}"
                  f"{f', about {one.child_name}' if one.child_name else ''}")
        for one in recipients
    ]  # fmt: skip
    return respond(
        "referrals/letters/letters.html",
        status=status,
        referral=held,
        form=form,
        names=names_of(row.child for row in held.children),
        recipients=recipients,
        cautions={one.key: one.caution for one in recipients if one.caution},
        sent=queries.letters(session, held.id),
    )
