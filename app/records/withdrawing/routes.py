"""The page on which the links that somebody was sent are withdrawn, and a fresh one is sent."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.invitations.queries import has_links
from app.meetings.booking.named_there import named_there
from app.meetings.queries import invitee as invitee_of
from app.meetings.routes import meeting_or_404, once
from app.records.withdrawing.forms import LinksForm
from app.records.withdrawing.service import Withdrawn, fresh_letter, known_dial_in, withdraw_links
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("withdrawing", __name__)


@blueprint.route("/discussions/<ref>/invitees/<int:invitee_id>/links", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def links(ref: str, invitee_id: int) -> Response:
    form = LinksForm()
    meeting = meeting_or_404(reading(), ref)
    invitee = invitee_of(reading(), meeting.id, invitee_id) or abort(404)
    if form.validate_on_submit():
        staff, moment, fresh = signed_in(), now(), bool(form.fresh.data)
        done: list[Withdrawn] = []

        def act(session: Session) -> str:
            done.append(
                withdraw_links(
                    session,
                    staff,
                    meeting.ref,
                    invitee_id,
                    sender(),
                    moment,
                    fresh=fresh,
                    new_pin=bool(form.new_pin.data),
                )
            )
            return url_for("meetings.overview", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
            withdrawn = done[0] if done else Withdrawn(1)
            words = _done(withdrawn, fresh=fresh)
            flash(words, "important" if withdrawn.to_telephone else "success")
            return go_to(location)
        meeting = meeting_or_404(reading(), ref)
        invitee = invitee_of(reading(), meeting.id, invitee_id) or abort(404)
    held = invitee.invitation_id
    return respond(
        "records/withdrawing.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        invitee=invitee,
        is_open=held is not None and has_links(reading(), held),
        ahead=known_dial_in(reading(), meeting, invitee),
        letter=fresh_letter(reading(), meeting, invitee, now()),
        named=named_there(reading(), meeting, invitee),
    )


def _done(done: Withdrawn, *, fresh: bool) -> str:
    """What came of it; where no link was open one was sent."""
    words = ["The links are withdrawn: they open nothing any more."] if done.links else []
    if fresh:
        words.append("A fresh link is on its way.")
    if done.updated:
        people = "1 person gets" if done.updated == 1 else f"{done.updated} people get"
        words.append(f"{people} an update with a new PIN.")
    if done.to_telephone:
        words.append(f"Please telephone it to: {', '.join(done.to_telephone)}.")
    return " ".join(words)
