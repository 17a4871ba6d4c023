"""One press takes a child who joined the referral into its discussion."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import transaction
from app.meetings import queries
from app.meetings.joined import service
from app.meetings.types import MeetingState
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to

blueprint = Blueprint("joined", __name__)


@blueprint.post("/discussions/<ref>/children")
@access(staff_may(Permission.DISCUSSION_BOOK))
def add(ref: str) -> Response:
    """Pressed twice it says that nothing is left to add."""
    with transaction() as session:
        meeting = queries.meeting_for_change(session, ref.upper()) or abort(404)
        try:
            names = service.add(session, signed_in().actor, meeting, sender(), now())
        except Refused as refusal:
            flash(refusal.message)
        else:
            said = f"Added to this discussion: {', '.join(names)}."
            if meeting.state is MeetingState.BOOKED:
                said += " Everybody invited is told that there is more to look up. See who else "
                said += "has to come now."
            flash(said, "success")
    return go_to(url_for("meetings.overview", ref=ref.upper()))
