"""The blueprint of the pages behind an invitation's link, and what all of them show."""

from __future__ import annotations

from flask import Blueprint, url_for

from app.core.session import reading
from app.guests import queries
from app.guests.visitors import settings
from app.referrals.sender import Sender

blueprint = Blueprint("guests", __name__)


@blueprint.context_processor
def _words() -> dict[str, object]:
    """The same on every page, before the code and after: nothing here tells whose link it is."""
    return {
        "product_name": "Multi-agency meetings",
        "home_url": url_for("guests.meeting"),
        "desk": queries.desk(reading()),
    }


def sender() -> Sender:
    """From which mailbox letters go, and to which site their links lead."""
    held = settings()
    return Sender(mail_from=held.mail_from, base_url=held.base_url)
