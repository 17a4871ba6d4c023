"""Who is behind this request by link and code, and the access rule that guest routes declare."""

from __future__ import annotations

from flask import Response, abort, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.crypto import new_token
from app.core.session import reading
from app.guests import queries
from app.guests.types import Visitor
from app.invitations.rules import MARK_LIFE
from app.web import own_page
from app.web.cookies import cookie_of, drop_cookie, set_cookie
from app.web.htmx import go_to

HOME = "guests.meeting"
BROWSER = "browser"


def visitor() -> Visitor:
    """The invited person behind this request; only behind a route that asks for one."""
    found = _found()
    if found is None:
        abort(401)
    return found


class Guest:
    """Somebody whose code opened a session, while the invitation is neither revoked nor expired
    (D3). Behind a team's address nothing opens before name and role are given."""

    limits_floods = False  # strangers are turned away below, before anything is done

    def __init__(self, *, unnamed: bool = False) -> None:
        self.unnamed = unnamed

    def describe(self) -> str:
        return "guest: own invitation"

    def refuse(self) -> ResponseReturnValue | None:
        found = _found()
        if found is None:
            return closed()
        own = own_page.of_another("invitation", found.guest.invitation_id, url_for(HOME))
        if own is not None:
            return own
        if found.guest.must_introduce and not self.unnamed:
            return go_to(url_for(HOME))
        return None


def this_browser() -> str | None:
    """The random mark of the browser that asked for a code."""
    return cookie_of(BROWSER)


def session_token() -> str | None:
    """The token of this browser's session behind a link, if it has one."""
    return cookie_of("guest")


def mark_browser(response: Response, mark: str) -> None:
    """Mark a browser that has no mark: a code works only in the one that asked for it (D3)."""
    if this_browser() is None:
        set_cookie(response, BROWSER, mark)


def know_again(response: Response) -> None:
    """A code opened this browser: it is known when it comes again, because codes are kept for it.
    The mark opens nothing."""
    if (mark := this_browser()) is not None:
        set_cookie(response, BROWSER, mark, MARK_LIFE)


def new_mark() -> str:
    return new_token()


def open_door(response: Response, token: str) -> None:
    """Give the browser its session: a random token and nothing else."""
    set_cookie(response, "guest", token)


def close_door(response: Response) -> None:
    drop_cookie(response, "guest")


def _found() -> Visitor | None:
    if "visitor" not in g:
        token = session_token()
        g.visitor = queries.visitor_by_session(reading(), token, now()) if token else None
    found: Visitor | None = g.visitor
    return found


def closed() -> Response:
    """No session, or no longer one: what was typed comes back, so that nobody types it twice."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Trigger": "signed-out"})
    sent = own_page.what_was_sent()
    return make_response(render_template("guests/closed.html", **sent._asdict()), 401)
