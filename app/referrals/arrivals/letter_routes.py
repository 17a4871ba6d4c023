"""The letter to the sender of what is no referral: write, preview, send (A10, A12)."""

from __future__ import annotations

from flask import Response, abort, flash, url_for

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
from app.referrals.arrivals import letters
from app.referrals.arrivals.forms import SenderLetterForm
from app.referrals.arrivals.routes import blueprint, found
from app.referrals.letters.service import PREVIEW
from app.referrals.letters_out import sender
from app.referrals.public.models import Arrival
from app.referrals.sender import desk_of
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done


@blueprint.route("/<ref>/as-sent/letter", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_LETTER))
def letter(ref: str) -> Response:
    """Sent to by POST it only comes back with what was typed, to be changed."""
    with transaction() as session:
        held = _closed(found(session, ref))
        viewed(session, signed_in().actor, "letter", Subject("referral", held.ref), now())
    return _page(found(reading(), ref), SenderLetterForm())


@blueprint.post("/<ref>/as-sent/letter/preview")
@access(staff_may(Permission.REFERRAL_LETTER))
def preview_letter(ref: str) -> Response:
    held, form = _closed(found(reading(), ref)), SenderLetterForm()
    if not form.validate():
        return _page(held, form, 422)
    try:
        recipient, text = letters.compose(reading(), held, form.added.data, now(), PREVIEW)
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(held, form, 422)
    desk = desk_of(directory.council(reading()), sender())
    return respond(
        "referrals/as_sent_letter_preview.html",
        held=held,
        form=form,
        recipient=recipient,
        letter=text,
        mail=link_preview(LetterKind.OUTCOME, desk, PREVIEW, recipient.name),
    )


@blueprint.post("/<ref>/as-sent/letter/send")
@access(staff_may(Permission.REFERRAL_LETTER))
def send_letter(ref: str) -> Response:
    held, form = _closed(found(reading(), ref)), SenderLetterForm()
    if not form.validate():
        return _page(held, form, 422)
    here = url_for("arrivals.as_sent", ref=held.ref)
    try:
        with transaction() as session:
            if not (before := done_before(session, form.nonce.data)):
                letters.send(
                    session, signed_in().actor, found(session, ref), form.added.data, sender(),
                    now(),
                )  # fmt: skip
                mark_done(session, form.nonce.data, here, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(held, form, 422)
    if not before:
        flash("The letter is on its way.", "success")
    return go_to(here)


def _closed(held: Arrival) -> Arrival:
    return held if held.filtered is not None else abort(404)


def _page(held: Arrival, form: SenderLetterForm, status: int = 200) -> Response:
    return respond(
        "referrals/as_sent_letter.html",
        status=status,
        held=held,
        form=form,
        recipient=letters.recipient_of(held),
    )
