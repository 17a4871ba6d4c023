"""Single sign-on: to the provider, and back (H1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, abort, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.accounts import queries
from app.accounts.browsers import this_browser
from app.accounts.example import example_sign_ins
from app.accounts.forms import CodeForm
from app.accounts.pending import open_browser, remember_after, remember_pending
from app.accounts.sign_on import provider, rules, service
from app.accounts.sign_on.provider import NotTrusted, ProviderDown
from app.accounts.sign_on.types import Begun, Known
from app.accounts.signed_in import is_signed_in, signed_in, staff_may
from app.accounts.teller import teller
from app.accounts.types import Permission
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.session import reading, transaction
from app.core.sign_on import SignOn
from app.web.access import Everyone, access
from app.web.htmx import go_to, respond
from app.web.paths import local_path

blueprint = Blueprint("sign_on", __name__, url_prefix="/sign-on")
SIGNED_IN = staff_may(Permission.SIGNED_IN)
BEGUN, AGAIN = "sign_on", "sign_on_again"
UNKNOWN = (
    "{name} knows you, but you have no account here, or one with another email address. "
    "Ask your system administrator to add you."
)
UNCONFIRMED = (
    "{name} knows you, but does not say that your email address was confirmed, so no account here "
    "can be found by it. Ask your service desk to have it confirmed there."
)
log = structlog.get_logger()


@blueprint.get("/")
@access(Everyone())
def start() -> ResponseReturnValue:
    after = local_path(request.args.get("next"))
    return go_to(after) if is_signed_in() else _begin(after)


@blueprint.get("/again")
@access(SIGNED_IN)
def again() -> ResponseReturnValue:
    return _begin(local_path(request.args.get("next")), signed_in().session_id)


@blueprint.get("/callback")
@access(Everyone())
def callback() -> ResponseReturnValue:
    """Where the provider sends the browser back to, once for each start."""
    settings, begun = _sign_on(), _begun()
    if begun is None:
        return _problem("This sign-in was not begun in this browser, or was used already.", 400)
    moment = now()
    try:
        known = provider.finish(settings, _callback(), begun, request.args, moment)
    except NotTrusted as refusal:
        log.warning("single sign-on refused", why=str(refusal))
        return _problem(refusal.words, 400, begun.after)
    except ProviderDown as fault:
        return _down(fault, begun.after)
    if begun.again is not None:
        return _shown_again(settings, begun, known, moment)
    with transaction() as session:
        done = service.sign_on(
            session, known, settings.second_factor, this_browser(), teller(), moment
        )
    if done is None:
        return _problem(UNKNOWN if known.email else UNCONFIRMED, 422, begun.after)
    if not done.is_whole:
        remember_pending(done.token, begun.after)
        return go_to(url_for("accounts.code"))
    remember_after(begun.after)
    return go_to(open_browser(done.token))


@blueprint.route("/code", methods=["GET", "POST"])
@access(SIGNED_IN)
def code() -> ResponseReturnValue:
    """Our own second factor after showing the provider again who it is."""
    held, form = cookie.get(AGAIN), CodeForm()
    if held is None or not _just_now(held, signed_in().session_id):
        return go_to(url_for("accounts.reauthenticate"))
    if form.validate_on_submit():
        with transaction() as session:
            done = service.code_again(session, signed_in(), form.code.data, teller(), now())
        if done:
            cookie.pop(AGAIN)
            return go_to(local_path(held["after"]))
        form.add_error("code", "That code is not right, or was used already. Wait for the next one")
    settings = SETTINGS.here()
    shown = example_sign_ins(reading(), now()) if settings.example else []
    return respond(
        "accounts/sign_on_code.html",
        status=422 if form.errors else 200,
        form=form,
        # Without one of their own, no code that they could type would be right.
        has_own=queries.has_second_factor(reading(), signed_in().id),
        codes=[one for one in shown if one.email == signed_in().email],
        sign_on=_sign_on(),
    )


def _begin(after: str, session_id: int | None = None) -> ResponseReturnValue:
    try:
        begun, address = provider.begin(_sign_on(), _callback(), after, now(), session_id)
    except ProviderDown as fault:
        return _down(fault, after)
    cookie[BEGUN] = {
        "state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier,
        "at": begun.at.isoformat(), "after": begun.after, "again": begun.again,
    }  # fmt: skip
    return redirect(address, 303)


def _begun() -> Begun | None:
    """The sign-on that this browser began, taken out: each answer counts once."""
    held = cookie.pop(BEGUN, None)
    return held and Begun(**(held | {"at": datetime.fromisoformat(held["at"])}))


def _shown_again(
    settings: SignOn, begun: Begun, known: Known, moment: datetime
) -> ResponseReturnValue:
    if not is_signed_in() or signed_in().session_id != begun.again:
        return go_to(url_for("accounts.sign_in", next=begun.after))
    if not rules.is_again(known, begun.at):
        log.warning("single sign-on refused", why="not authenticated again")
        words = "{name} did not ask for your password again, so nothing was done."
        return _problem(words, 400, begun.after)
    with transaction() as session:
        enough = service.sign_on_again(session, signed_in(), known, settings.second_factor, moment)
    if enough is None:
        words = "{name} says that this is somebody else than who is signed in here."
        return _problem(words, 400, begun.after)
    if enough:
        return go_to(local_path(begun.after))
    cookie[AGAIN] = {"at": moment.isoformat(), "session": begun.again, "after": begun.after}
    return go_to(url_for("sign_on.code"))


def _just_now(held: dict[str, Any], session_id: int) -> bool:
    since = now() - datetime.fromisoformat(held["at"])
    return held["session"] == session_id and bool(since <= rules.CODE_WITHIN)


def _down(fault: ProviderDown, after: str) -> Response:
    log.error("single sign-on provider down", why=str(fault))
    return _problem(
        "{name} does not answer at the moment. Try again in a minute; if it stays so, tell your "
        "service desk.",
        503,
        after,
    )


def _problem(words: str, status: int, after: str | None = None) -> Response:
    """What went wrong, and the way to try again, which leads where they were going."""
    settings = _sign_on()
    return respond(
        "accounts/sign_on_problem.html",
        status=status,
        words=words.format(name=settings.name_first),
        only=settings.only,
        again=is_signed_in(),
        after=after,
    )


def _sign_on() -> SignOn:
    settings = SETTINGS.here()
    return settings.sign_on or abort(404)


def _callback() -> str:
    settings = SETTINGS.here()
    return settings.base_url + url_for("sign_on.callback")
