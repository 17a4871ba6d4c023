"""Between the password and the second factor: what the cookie holds, and who may go on."""

from __future__ import annotations

from flask import abort, g, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.accounts import queries
from app.accounts.types import Pending
from app.core.clock import now
from app.core.session import reading
from app.web.htmx import go_to
from app.web.paths import local_path

PENDING = "half_signed_in"
AFTER_SIGN_IN = "after_sign_in"
# Flask-Login's and Flask-WTF's own names.
SESSION_TOKEN = "_user_id"  # noqa: S105  # the name of a key in the cookie
FORGERY_TOKEN = "csrf_token"  # noqa: S105  # the name of a key in the cookie


class AfterPassword:
    """Whoever gave the right password in this browser within the last minutes."""

    limits_floods = True

    def describe(self) -> str:
        return "after the password"

    def refuse(self) -> ResponseReturnValue | None:
        token = cookie.get(PENDING)
        g.pending = queries.pending(reading(), token, now()) if token else None
        return None if g.pending is not None else go_to(url_for("accounts.sign_in"))


after_password = AfterPassword()


def pending_person() -> Pending:
    """Who it is; only behind `after_password`."""
    person: Pending | None = g.get("pending")
    if person is None:
        abort(403)
    return person


def pending_token() -> str:
    return str(cookie.get(PENDING, ""))


def remember_pending(token: str, after: str) -> None:
    """The password was right: hold the token of the step that follows, and where to go after."""
    cookie[PENDING] = token
    remember_after(after)


def remember_after(after: str) -> None:
    """Where to go once the session is open."""
    cookie[AFTER_SIGN_IN] = after


def forget_pending() -> None:
    cookie.pop(PENDING, None)


def leave_browser() -> None:
    """Signed out: what names a person goes. The tokens stay, which open nothing, so that a form
    sent from another tab of this browser is still kept for its sender."""
    held = {name: cookie[name] for name in (SESSION_TOKEN, FORGERY_TOKEN) if name in cookie}
    cookie.clear()
    cookie.update(held)


def open_browser(token: str) -> str:
    """Give this browser the new session and nothing of the old; returns where to go.

    The token against forgery stays when the same person comes back after a break, so that forms
    still open in other tabs can be sent.
    """
    session = reading()
    before, forgery = cookie.get(SESSION_TOKEN), cookie.get(FORGERY_TOKEN)
    same_person = before is not None and queries.owner_of_token(
        session, before
    ) == queries.owner_of_token(session, token)
    after = local_path(cookie.get(AFTER_SIGN_IN))
    cookie.clear()
    cookie[SESSION_TOKEN] = token
    cookie["_fresh"] = True
    if same_person and forgery:
        cookie[FORGERY_TOKEN] = forgery
    return after
