"""The page on which the links that somebody was sent are withdrawn, and a fresh one is sent."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.invitations.queries import has_links
from app.meetings.queries import invitee as invitee_of
from app.meetings.routes import meeting_or_404, once
from app.records.withdrawing.forms import LinksForm
from app.records.withdrawing.service import fresh_letter, withdraw_links
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
        ended: list[int] = []

        def act(session: Session) -> str:
            ended.append(
                withdraw_links(
                    session, staff, meeting.ref, invitee_id, sender(), moment, fresh=fresh
                )
            )
            return url_for("meetings.overview", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
            flash(_done(withdrawn=ended != [0], fresh=fresh), "success")
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
        letter=fresh_letter(reading(), meeting, invitee, now()),
    )


def _done(*, withdrawn: bool, fresh: bool) -> str:
    """What came of it; where no link was open one was sent."""
    words = "The links are withdrawn: they open nothing any more. " if withdrawn else ""
    return (words + ("A fresh link is on its way." if fresh else "")).strip()
