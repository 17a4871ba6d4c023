"""Who is signed in, and the access rules that routes declare (H1, H2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Flask, Response, abort, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from app.accounts import queries, rules, sessions
from app.accounts.kept.rules import worth_keeping
from app.accounts.kept.service import keep
from app.accounts.types import Permission, StaffMember
from app.audit.types import Actor
from app.core.clock import now
from app.core.handed import Handed
from app.core.session import reading, transaction
from app.web.htmx import go_to
from app.web.paths import here, local_path

login_manager = LoginManager()
# A page that refreshes itself sends this header: that is no activity of a person (H1).
BACKGROUND = "X-Background"
_ASKS_SECRETS = ("accounts", "kept", "own", "sign_on")
_NOBODY_ACTS = frozenset({None, "static", "health.health", "health.metrics"})
# Asked where a role sees no case: None where the page was opened with a reason, else the way to
# its door. Restricted cases know, which stand above accounts.
BEHIND_GLASS = Handed[Callable[[], Response | None]]("behind_glass")


def init_signed_in(app: Flask) -> None:
    login_manager.init_app(app)
    # Session fixation is met by a new server session at sign-in; see accounts.service.
    login_manager.session_protection = None

    @login_manager.user_loader  # type: ignore[untyped-decorator]  # it has no types
    def _load(token: str) -> StaffMember | None:
        return queries.staff_by_session_token(reading(), token, now())

    @app.before_request
    def _activity() -> None:
        if request.endpoint in _NOBODY_ACTS or BACKGROUND in request.headers:
            return
        if is_signed_in() and rules.needs_touch(now(), signed_in().last_seen_at):
            with transaction() as session:
                sessions.touch(session, signed_in().session_id, now())


def signed_in() -> StaffMember:
    """The member of staff behind this request; only behind a route that asks for one."""
    # Asked for once: each word of the proxy looks for the request and its user again.
    who = current_user._get_current_object()
    if not who.is_authenticated:
        abort(401)
    return cast(StaffMember, who)


def is_signed_in() -> bool:
    return bool(current_user.is_authenticated)


class StaffMay:
    """Signed-in staff whose role allows it; `fresh` asks for password and code again (H1)."""

    limits_floods = False  # who is not signed in gets no further than here

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
            if not rules.may_behind_glass(staff.roles, self.permission):
                abort(403)
            if (answer := BEHIND_GLASS.here()()) is not None:
                return answer
        if self.fresh and not rules.is_fresh(now(), staff.reauthenticated_at):
            return _show_again(staff)
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
    token = cookie.get("_user_id")
    why = queries.why_over(reading(), token, now()) if token else None
    after = here()
    if token and why is not None:
        # Only who was signed in gets it back, and only once the forgery token was found right.
        after = _kept(queries.actor_of_token(reading(), token)) or after
    return go_to(url_for("accounts.sign_in", next=after, why=why.value if why else None))


def _show_again(staff: StaffMember) -> Response:
    after = _kept(staff.actor) or here()
    return go_to(url_for("accounts.reauthenticate", next=after))


def _kept(actor: Actor | None) -> str | None:
    """Where the form that just came too late is given back to its sender; None for a mere button
    and for the pages that ask for passwords and codes."""
    if request.method != "POST" or request.blueprint in _ASKS_SECRETS or actor is None:
        return None
    fields = worth_keeping(request.form.items(multi=True))
    if not fields or actor.id is None:
        return None
    address = local_path(request.full_path.rstrip("?"))
    had_file = any(file.filename for file in request.files.values())
    with transaction() as session:
        kept_id = keep(session, actor, actor.id, address, fields, had_file, now())
    return url_for("kept.show", kept_id=kept_id)
