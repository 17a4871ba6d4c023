"""Who is signed in, and the access rules that routes declare (H1, H2)."""

from __future__ import annotations

import re
from typing import cast

from flask import Flask, Response, abort, make_response, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from app.accounts import queries, rules, service
from app.accounts.types import Permission, StaffMember
from app.core.clock import now
from app.core.session import reading, transaction
from app.web.forms import tidy
from app.web.htmx import go_to
from app.web.paths import here

login_manager = LoginManager()
# A page that refreshes itself sends this header: that is no activity of a person (H1).
BACKGROUND = "X-Background"
_ASKS_SECRETS = ("accounts", "staff")
_SPACE = re.compile(r"\s+")
_NOBODY_ACTS = frozenset({None, "static", "health.health", "health.metrics"})


def init_signed_in(app: Flask) -> None:
    login_manager.init_app(app)
    # Session fixation is met by a new server session at sign-in; see accounts.service.
    login_manager.session_protection = None

    @login_manager.user_loader  # type: ignore[untyped-decorator]
    def _load(token: str) -> StaffMember | None:
        return queries.staff_by_session_token(reading(), token, now())

    @app.before_request
    def _activity() -> None:
        if request.endpoint in _NOBODY_ACTS or BACKGROUND in request.headers:
            return
        if is_signed_in() and rules.needs_touch(now(), signed_in().last_seen_at):
            with transaction() as session:
                service.touch(session, signed_in().session_id, now())


def signed_in() -> StaffMember:
    """The member of staff behind this request; only behind a route that asks for one."""
    if not current_user.is_authenticated:
        abort(401)
    return cast(StaffMember, current_user._get_current_object())


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
            abort(403)
        if self.fresh and not rules.is_fresh(now(), staff.reauthenticated_at):
            return go_to(url_for("accounts.reauthenticate", next=here()))
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
    sign_in = url_for("accounts.sign_in", next=here(), why=why.value if why else None)
    # Only who was signed in gets it back, and only once the forgery token was found right.
    sent = _sent() if why is not None and request.method == "POST" else []
    if why is None or not sent:
        return go_to(sign_in)
    return make_response(
        render_template(
            "accounts/signed_out.html",
            why=why.words,
            sign_in=sign_in,
            action=request.full_path.rstrip("?"),
            fields=sent,
            typed=[text for _name, value in sent if len(_SPACE.split(text := tidy(value))) > 3],
            had_file=any(file.filename for file in request.files.values()),
        ),
        401,
    )


def _sent() -> list[tuple[str, str]]:
    """What stood in the form that came too late; nothing for a mere button, and nothing from the
    pages that ask for passwords and codes."""
    if request.blueprint in _ASKS_SECRETS:
        return []
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if not name.endswith("csrf_token")
    ]
    return kept if any(value and not name.endswith("nonce") for name, value in kept) else []
