"""Correcting the address of somebody whose record is signed (F5)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.handed import Handed
from app.core.session import reading
from app.meetings.booking.forms import SendAgainForm
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import invitee as invitee_of
from app.meetings.queries import meeting_by_ref, meeting_for_change
from app.meetings.routes import once
from app.meetings.rules import mendable_signed
from app.records.address import service
from app.records.address.page import address_page
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("record_address", __name__, url_prefix="/discussions")

# Whether the case of a discussion is archived. Retention knows, which stands above records.
ARCHIVED = Handed[Callable[[Session, int], bool]]("archived")


@blueprint.route("/<ref>/record/readers/<int:invitee_id>/address", methods=["GET", "POST"])
@access(staff_may(Permission.RECORD_CIRCULATE))
def correct(ref: str, invitee_id: int) -> Response:
    """The page says what went to the wrong address and what follows, before anything is done."""
    meeting, invitee = _reader(ref, invitee_id)
    form = SendAgainForm(data={"email": invitee.email})
    if form.validate_on_submit():
        staff, moment, done = signed_in(), now(), list[service.Corrected]()

        def act(session: Session) -> str:
            held = meeting_for_change(session, ref) or abort(404)
            reader = invitee_of(session, held.id, invitee_id) or abort(404)
            order = form.order()
            done.append(
                service.correct_address(session, staff, held, reader, order, sender(), moment)
            )
            return url_for("records.circulate", ref=ref)

        location = once(form, act)
        if location is not None:
            anew = any(one.anew for one in done)
            sent = " The copy is sent to the new one now." if anew else ""
            flash(f"The address is corrected.{sent}", "success")
            return go_to(location)
        meeting, invitee = _reader(ref, invitee_id)
    session = reading()
    return respond(
        "records/address/correct.html",
        status=422 if form.errors else 200,
        form=form,
        page=address_page(session, meeting, invitee, archived=ARCHIVED.here()(session, meeting.id)),
    )


def _reader(ref: str, invitee_id: int) -> tuple[Meeting, Invitee]:
    """Somebody of a discussion whose record is signed; not who was removed, nor whoever reads a
    wrong address."""
    meeting = meeting_by_ref(reading(), ref) or abort(404)
    invitee = invitee_of(reading(), meeting.id, invitee_id)
    if invitee is None or invitee.removed_at is not None:
        abort(404)
    if not mendable_signed(meeting.state, meeting.signed_at):
        abort(404)
    return meeting, invitee
