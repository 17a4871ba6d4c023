"""Who is signed in, and the access rules that routes declare (H1, H2)."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from app.accounts import queries, rules
from app.accounts.types import Permission, StaffMember
from app.core.clock import now
from app.core.session import reading
from app.web.htmx import go_to

login_manager = LoginManager()


def init_signed_in(app: Flask) -> None:
    login_manager.init_app(app)
    # Session fixation is met by a new server session at sign-in; see accounts.service.
    login_manager.session_protection = None

    @login_manager.user_loader  # type: ignore[untyped-decorator]
    def _load(token: str) -> StaffMember | None:
        return queries.staff_by_session_token(reading(), token, now())


def signed_in() -> StaffMember:
    """The member of staff behind this request; only behind a route that asks for one."""
    if not current_user.is_authenticated:
        abort(401)
    return cast(StaffMember, current_user._get_current_object())


def is_signed_in() -> bool:
    return bool(current_user.is_authenticated)


class StaffMay:
    """Signed-in staff whose role allows it; `fresh` asks for password and code again (H1)."""

    def __init__(self, permission: Permission, *, fresh: bool = False) -> None:
        self.permission = permission
        self.fresh = fresh

    def describe(self) -> str:
        return f"staff: {self.permission.value}{', fresh' if self.fresh else ''}"

    def refuse(self) -> ResponseReturnValue | None:
        if not is_signed_in():
            return _sign_in_first()
        staff = signed_in()
        if not rules.may(staff.roles, self.permission):
            abort(403)
        if self.fresh and not rules.is_fresh(now(), staff.reauthenticated_at):
            return go_to(url_for("accounts.reauthenticate", next=_here()))
        return None


def staff_may(permission: Permission, *, fresh: bool = False) -> StaffMay:
    """The access rule of a staff route: `@access(staff_may(Permission.DISCUSSION_BOOK))`."""
    return StaffMay(permission, fresh=fresh)


def may(permission: Permission) -> bool:
    """Whether the person signed in may do this: for links and buttons on a page."""
    return is_signed_in() and rules.may(signed_in().roles, permission)


def _sign_in_first() -> Response:
    if request.headers.get("HX-Request") == "true" or request.headers.get("X-Autosave"):
        # The page stays, with every word in it; its script says that signing in is needed.
        return Response(status=401, headers={"HX-Trigger": "signed-out"})
    return go_to(url_for("accounts.sign_in", next=_here()))


def _here() -> str:
    """Where to come back to: after a GET here, after a POST the page it was sent from."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return urlsplit(request.referrer or "/").path or "/"
