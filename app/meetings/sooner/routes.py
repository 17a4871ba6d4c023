"""One press takes the deadline that has become earlier."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for

from app.accounts.forms import PressForm
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.routes import meeting_or_404
from app.meetings.sooner import service
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to

blueprint = Blueprint("sooner", __name__)


@blueprint.post("/discussions/<ref>/earlier-deadline")
@access(staff_may(Permission.DISCUSSION_NEED))
def take(ref: str) -> Response:
    """Pressed twice it says that nothing is left to take."""
    if not PressForm().validate_on_submit():
        abort(400)
    ref = meeting_or_404(reading(), ref.upper()).ref
    try:
        with transaction() as session:
            service.take(session, signed_in(), ref, sender(), now())
    except Refused as refusal:
        flash(refusal.message, "important")
    else:
        flash("The earlier deadline is taken. What it was before stays with it.", "success")
    return go_to(url_for("meetings.overview", ref=ref))
