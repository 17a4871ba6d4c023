"""The blueprint of the pages behind an invitation's link, and what all of them show."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from app.core.session import reading
from app.guests import queries
from app.web.errors import lead_back
from app.web.htmx import respond
from app.web.own_page import NOTHING, what_was_sent

blueprint = Blueprint("guests", __name__)


@blueprint.record_once
def _errors_lead_back(state: BlueprintSetupState) -> None:
    for prefix, page in (("/attend", "meeting"), ("/i", "meeting"), ("/form", "form")):
        lead_back(state.app, prefix, f"guests.{page}")


@blueprint.context_processor
def _words() -> dict[str, object]:
    """The same on every page, before the code and after: nothing here tells whose link it is."""
    return {
        "product_name": "Multi-agency meetings",
        "home_url": url_for("guests.meeting"),
        "desk": queries.desk(reading()),
    }


@blueprint.errorhandler(413)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    """Refused before it was read: nothing of what was typed beside the file has arrived."""
    return _error_page(
        413,
        "That file is too large",
        "Nothing was kept, neither the file nor what you typed beside it: your browser may still "
        "show it if you go back. Send a file of 15 MB or less, or type the report instead.",
    )


@blueprint.errorhandler(404)
def _not_here(_error: NotFound) -> Response:
    return _error_page(
        404,
        "This is not here",
        "Nothing was changed. It is not here any more, or it does not go by link: telephone the "
        "desk if you expected it.",
    )


def _error_page(status: int, title: str, words: str) -> Response:
    """What went wrong, with the way back to the reader's own page: staff sign in elsewhere."""
    back = url_for("guests.form" if request.path.startswith("/form") else "guests.meeting")
    sent = what_was_sent() if status != 413 and request.method == "POST" else NOTHING
    page = {"title": title, "words": words, "back": back, **sent._asdict()}
    return respond("guests/error.html", None, status, **page)
