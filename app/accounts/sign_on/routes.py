"""Single sign-on: to the provider, and back (H1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, abort, current_app, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.accounts.browsers import this_browser
from app.accounts.forms import CodeForm
from app.accounts.pending import open_browser, remember_after, remember_pending
from app.accounts.sign_on import provider, rules, service
from app.accounts.sign_on.provider import NotTrusted, ProviderDown
from app.accounts.sign_on.types import Begun, Known
from app.accounts.signed_in import is_signed_in, signed_in, staff_may
from app.accounts.teller import teller
from app.accounts.types import Permission
from app.core.clock import now
from app.core.config import Settings
from app.core.session import transaction
from app.core.sign_on import SignOn
from app.web.access import Everyone, access
from app.web.htmx import go_to, respond
from app.web.paths import local_path

blueprint = Blueprint("sign_on", __name__, url_prefix="/sign-on")
SIGNED_IN = staff_may(Permission.SIGNED_IN)
BEGUN, AGAIN = "sign_on", "sign_on_again"
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
        return _problem("The answer of {name} could not be trusted, so nobody was let in.", 400)
    except ProviderDown as fault:
        return _down(fault)
    if begun.again is not None:
        return _shown_again(settings, begun, known, moment)
    with transaction() as session:
        done = service.sign_on(
            session, known, settings.second_factor, this_browser(), teller(), moment
        )
    if done is None:
        return _problem(
            "{name} knows you, but you have no account here, or one with another email address. "
            "Ask your system administrator to add you.",
            422,
        )
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
    return respond("accounts/sign_on_code.html", status=422 if form.errors else 200, form=form)


def _begin(after: str, session_id: int | None = None) -> ResponseReturnValue:
    try:
        begun, address = provider.begin(_sign_on(), _callback(), after, now(), session_id)
    except ProviderDown as fault:
        return _down(fault)
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
        return _problem("{name} did not ask for your password again, so nothing was done.", 400)
    with transaction() as session:
        enough = service.sign_on_again(session, signed_in(), known, settings.second_factor, moment)
    if enough is None:
        return _problem("{name} says that this is somebody else than who is signed in here.", 400)
    if enough:
        return go_to(local_path(begun.after))
    cookie[AGAIN] = {"at": moment.isoformat(), "session": begun.again, "after": begun.after}
    return go_to(url_for("sign_on.code"))


def _just_now(held: dict[str, Any], session_id: int) -> bool:
    since = now() - datetime.fromisoformat(held["at"])
    return held["session"] == session_id and bool(since <= rules.CODE_WITHIN)


def _down(fault: ProviderDown) -> Response:
    log.error("single sign-on provider down", why=str(fault))
    return _problem(
        "{name} does not answer at the moment. Try again in a minute; if it stays so, tell your "
        "service desk.",
        503,
    )


def _problem(words: str, status: int) -> Response:
    settings = _sign_on()
    name = settings.name[:1].upper() + settings.name[1:]
    return respond(
        "accounts/sign_on_problem.html",
        status=status,
        words=words.format(name=name),
        only=settings.only,
        again=is_signed_in(),
    )


def _sign_on() -> SignOn:
    settings: Settings = current_app.extensions["settings"]
    return settings.sign_on or abort(404)


def _callback() -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.base_url + url_for("sign_on.callback")
