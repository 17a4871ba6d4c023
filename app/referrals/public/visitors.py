"""Who is behind this request: the browser that writes a public form, by its cookie alone."""

from __future__ import annotations

from flask import Response, g, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.session import reading
from app.referrals.public import queries
from app.referrals.public.types import Draft
from app.web import own_page
from app.web.cookies import cookie_of
from app.web.htmx import go_to

COOKIE = "refer"
BROWSER = "refer-browser"


def draft() -> Draft:
    """The form of this browser; only behind a route that asks for one."""
    found = any_draft()
    if found is None:
        raise LookupError("this route does not ask for a form of one's own")
    return found


def any_draft() -> Draft | None:
    """The form of this browser, sent or not, or None."""
    if "draft" not in g:
        token = cookie_of(COOKIE)
        g.draft = queries.draft_by_session(reading(), token, now()) if token else None
    held: Draft | None = g.draft
    return held


def of_another_form(held: Draft) -> Response | None:
    """What to answer where a page of another form was sent, see app.web.own_page."""
    return own_page.of_another("public form", held.id, url_for("refer.start"))


class OwnForm:
    """The browser that writes this form, until it is sent; `sent` is for the receipt."""

    def __init__(self, *, sent: bool = False) -> None:
        self.sent = sent

    def describe(self) -> str:
        return "referrer: own form"

    def refuse(self) -> ResponseReturnValue | None:
        held = any_draft()
        if held is None:
            return _closed()
        own = of_another_form(held)
        if own is not None:
            return own
        if held.sent_at is not None and not self.sent:
            return go_to(url_for("refer.sent"))
        if held.sent_at is None and self.sent:
            return go_to(url_for("refer.check"))
        return None


def _closed() -> Response:
    """No form, or no longer one: what was typed comes back, so that nobody types it twice."""
    sent = own_page.what_was_sent()
    return make_response(render_template("refer/closed.html", **sent._asdict()), 401)
