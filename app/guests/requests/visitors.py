"""Who is behind this page by link and code, and the access rule that its routes declare (D3)."""

from __future__ import annotations

from flask import Response, abort, g, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.session import reading
from app.guests.requests import queries
from app.guests.requests.types import Correspondent
from app.web import own_page
from app.web.cookies import cookie_of
from app.web.htmx import go_to

DOOR = "request"


def correspondent() -> Correspondent:
    """The person asked or written to; only behind a route that asks for one."""
    found = _found()
    if found is None:
        abort(401)
    return found


class Asked:
    """Somebody whose code opened a session, while their link lasts (D3). Behind a team's address
    nothing opens before name and role are given."""

    limits_floods = False  # strangers are turned away below, before anything is done

    def __init__(self, *, unnamed: bool = False) -> None:
        self.unnamed = unnamed

    def describe(self) -> str:
        return "asked or written to: own request or letter"

    def refuse(self) -> ResponseReturnValue | None:
        found = _found()
        if found is None:
            return _closed()
        here = url_for("requests.request_page")
        own = own_page.of_another("invitation", found.guest.invitation_id, here)
        if own is not None:
            return own
        if found.guest.must_introduce and not self.unnamed:
            return go_to(here)
        return None


def _found() -> Correspondent | None:
    if "correspondent" not in g:
        token = cookie_of(DOOR)
        g.correspondent = (
            queries.correspondent_by_session(reading(), token, now()) if token else None
        )
    found: Correspondent | None = g.correspondent
    return found


def _closed() -> Response:
    """No session, or no longer one: what was typed comes back, so that nobody types it twice."""
    sent = own_page.what_was_sent()
    return make_response(render_template("guests/closed.html", **sent._asdict()), 401)
