"""Who is behind this request: the browser that writes a public form, by its cookie alone."""

from __future__ import annotations

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.session import reading
from app.referrals.public import queries
from app.referrals.public.types import Draft
from app.web.cookies import cookie_of
from app.web.forms import tidy
from app.web.htmx import go_to

COOKIE = "refer"
BROWSER = "refer-browser"
_OURS = frozenset({"csrf_token", "nonce", "seen", "shown", "website", "then"})


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
        if held.sent_at is not None and not self.sent:
            return go_to(url_for("refer.sent"))
        if held.sent_at is None and self.sent:
            return go_to(url_for("refer.check"))
        return None


def _closed() -> Response:
    """No form, or no longer one: what was typed comes back, so that nobody types it twice."""
    typed = [
        text
        for name, value in request.form.items()
        if name not in _OURS and len(text := tidy(value)) > 1
    ]
    return make_response(render_template("refer/closed.html", typed=typed), 401)
