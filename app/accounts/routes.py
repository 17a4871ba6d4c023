"""Signing in, staying signed in, one's own account (H1)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from app.accounts import example, passwords, queries, second_factor, service, sessions
from app.accounts.browsers import this_browser
from app.accounts.forms import (
    AgainForm,
    ChangePasswordForm,
    CodeForm,
    OwnPasswordForm,
    PressForm,
    SignInForm,
)
from app.accounts.kept.queries import kept_of
from app.accounts.pending import (
    AFTER_SIGN_IN,
    after_password,
    forget_pending,
    leave_browser,
    open_browser,
    pending_person,
    pending_token,
    remember_pending,
)
from app.accounts.recovery.queries import left
from app.accounts.signed_in import is_signed_in, signed_in, staff_may
from app.accounts.teller import teller
from app.accounts.types import Credentials, NextStep, Pending, Permission, Role, Tried, WhyOver
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.sign_on import SignOn
from app.web.access import Everyone, access
from app.web.htmx import go_to, respond
from app.web.paths import local_path

blueprint = Blueprint("accounts", __name__)
KEPT_FORMS = "/session/kept/"
SIGNED_IN = staff_may(Permission.SIGNED_IN)

NOT_RIGHT = (
    "The email address or the password is not right. "
    "After five wrong tries an account pauses for 15 minutes"
)
SYSTEM_ALONE = (
    "The email address or the password is not right, or you are not a system administrator: "
    "everybody else signs in with the button above. After five wrong tries an account pauses for "
    "15 minutes"
)
CODE_NOT_RIGHT = (
    "That code is not right, or was used already. Wait for the next one in your authenticator app, "
    "or enter another recovery code"
)
START_AGAIN = "That took too long, or there were too many wrong tries. Sign in again."
_STEPS = {
    NextStep.OWN_PASSWORD: "accounts.own_password",
    NextStep.SET_UP: "accounts.set_up",
    NextStep.CODE: "accounts.code",
}


@blueprint.route("/sign-in", methods=["GET", "POST"])
@access(Everyone())
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next"))
        return go_to(form.next.data) if is_signed_in() else _sign_in_page(form)
    if not form.validate_on_submit():
        return _sign_in_page(form, 422)
    tried = queries.credentials(reading(), form.email.data)
    right = passwords.is_right(tried.password_hash if tried else None, form.password.data)
    with transaction() as session:
        token = service.password_tried(
            session,
            form.email.data,
            tried,
            right,
            now(),
            this_browser(),
            system_alone=_sign_on_only(),
        )
    if token is None:
        form.add_error("password", SYSTEM_ALONE if _sign_on_only() else NOT_RIGHT)
        return _sign_in_page(form, 422)
    remember_pending(token, local_path(form.next.data))
    return _next_step()


@blueprint.route("/sign-in/password", methods=["GET", "POST"])
@access(after_password)
def own_password() -> ResponseReturnValue:
    person, form = pending_person(), OwnPasswordForm()
    if person.next_step is not NextStep.OWN_PASSWORD:
        return _next_step()
    chosen = _chosen(form, person) if form.validate_on_submit() else None
    if chosen is None:
        status = 422 if form.errors else 200
        return respond("accounts/own_password.html", status=status, form=form, person=person)
    with transaction() as session:
        service.set_first_password(session, pending_token(), chosen, now())
    return _next_step()


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
@access(after_password)
def set_up() -> ResponseReturnValue:
    return _second_factor(NextStep.SET_UP, "accounts/set_up.html")


@blueprint.get("/sign-in/second-factor/picture")
@access(after_password)
def picture() -> ResponseReturnValue:
    person = pending_person()
    if person.next_step is not NextStep.SET_UP or person.totp_secret is None:
        abort(404)
    address = second_factor.address_for_app(
        person.totp_secret, person.email, "Strategy discussions"
    )
    return Response(second_factor.picture(address), mimetype="image/svg+xml")


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@access(after_password)
def code() -> ResponseReturnValue:
    return _second_factor(NextStep.CODE, "accounts/code.html")


@blueprint.post("/sign-out")
@access(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    member = signed_in()
    with transaction() as session:
        sessions.sign_out(session, member, now())
    leave_browser()
    held = _sign_on()
    if member.by_sign_on and held is not None:
        # The next press of the button would let in whoever sits down here.
        flash(
            f"You are signed out here. {held.name_first} may still know you: on a computer that "
            "others use, sign out there too",
            "success",
        )
    else:
        flash("You are signed out", "success")
    return go_to(url_for("accounts.sign_in"))


@blueprint.post("/session/stay")
@access(SIGNED_IN)
def stay() -> ResponseReturnValue:
    """The heartbeat of a running meeting on the screen, which counts as activity (H1).

    The activity itself is noted before each request, in app.accounts.signed_in.
    """
    return Response(status=204)


@blueprint.get("/session/token")
@access(SIGNED_IN)
def token() -> ResponseReturnValue:
    """The token against forgery, for a page that outlived the session it was loaded in."""
    return Response(generate_csrf(), mimetype="text/plain")


@blueprint.route("/session/again", methods=["GET", "POST"])
@access(SIGNED_IN)
def reauthenticate() -> ResponseReturnValue:
    form, member = AgainForm(), signed_in()
    if member.by_sign_on:
        after = local_path(request.values.get("next"))
        return respond(
            "accounts/reauthenticate_sign_on.html",
            after=after,
            sign_on=_sign_on(),
            is_kept=_leads_to_kept(after),
        )
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next"))
        return _again_page(form, member.email)
    if form.validate_on_submit():
        tried = queries.credentials_of(reading(), member.id)
        if tried is None:
            abort(403)
        right = passwords.is_right(tried.password_hash, form.password.data)
        with transaction() as session:
            done = service.reauthenticate(
                session, member, tried, right, form.code.data, now(), teller()
            )
        if done:
            return go_to(local_path(form.next.data))
        form.add_error(
            "password",
            "The password or the code is not right, or the code was used already. "
            "Wait for the next code. After five wrong tries your account pauses for 15 minutes",
        )
    return _again_page(form, member.email, 422)


@blueprint.get("/account")
@access(SIGNED_IN)
def account() -> ResponseReturnValue:
    member, held = signed_in(), _sign_on()
    return respond(
        "accounts/account.html",
        member=member,
        roles=", ".join(sorted(role.label for role in member.roles)),
        sessions=queries.open_sessions(reading(), member.id, now()),
        kept=kept_of(reading(), member.id, now()),
        codes=left(reading(), member.id),
        has_second_factor=queries.has_second_factor(reading(), member.id),
        # Where passwords are for system administrators alone, others have no use for one.
        only=held if held and held.only and Role.SYSTEM not in member.roles else None,
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@access(SIGNED_IN)
def password() -> ResponseReturnValue:
    form, member = ChangePasswordForm(), signed_in()
    if form.validate_on_submit():
        tried = queries.credentials_of(reading(), member.id)
        if tried is None:
            abort(403)
        right = passwords.is_right(tried.password_hash, form.present.data)
        chosen = _chosen(form, tried) if right else tried.password_hash
        if chosen is not None:
            with transaction() as session:
                done = service.change_password(
                    session, member, tried, right, chosen, teller(), now()
                )
            if done:
                flash("Your password is changed. Other browsers are signed out", "success")
                return go_to(url_for("accounts.account"))
            form.add_error("present", "That is not your present password: enter it again")
    return respond("accounts/password.html", status=422 if form.errors else 200, form=form)


@blueprint.post("/account/sessions/<int:session_id>/end")
@access(SIGNED_IN)
def end_session(session_id: int) -> ResponseReturnValue:
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            sessions.end_own_session(session, signed_in(), session_id, now())
    except Refused as refused:
        flash(refused.message)
    else:
        flash("That browser is signed out", "success")
    return go_to(url_for("accounts.account"))


def _second_factor(step: NextStep, page: str) -> ResponseReturnValue:
    person, form = pending_person(), CodeForm()
    if person.next_step is not step:
        return _next_step()
    if form.validate_on_submit():
        with transaction() as session:
            tried = service.code_tried(session, pending_token(), form.code.data, now(), teller())
        if tried.token is not None:
            # First: it takes everything of before out of this browser, words to be shown too.
            there = open_browser(tried.token)
            if step is NextStep.SET_UP:
                flash(
                    "Make recovery codes next, on the page of your account: they let you in when "
                    "your telephone is lost"
                )
            elif tried.by_recovery:
                flash(left(reading(), person.staff_id).words_after_use)
            return go_to(there)
        if tried.result is Tried.OVER:
            forget_pending()
            flash(START_AGAIN)
            return go_to(url_for("accounts.sign_in", next=cookie.get(AFTER_SIGN_IN, "/")))
        form.add_error("code", CODE_NOT_RIGHT)
    return respond(
        page,
        status=422 if form.errors else 200,
        form=form,
        person=person,
        secret=second_factor.in_groups(person.totp_secret or ""),
        codes=_example_codes(),
    )


def _next_step() -> Response:
    person = queries.pending(reading(), pending_token(), now())
    if person is None:
        return go_to(url_for("accounts.sign_in"))
    return go_to(url_for(_STEPS[person.next_step]))


def _chosen(form: OwnPasswordForm, person: Pending | Credentials) -> str | None:
    """The hash of the password chosen, or None with the reason next to its field."""
    try:
        return passwords.hash_chosen(
            form.password.data, email=person.email, name=person.name, before=person.password_hash
        )
    except Refused as refused:
        form.add_error(refused.field, refused.message)
        return None


def _sign_in_page(form: SignInForm, status: int = 200) -> Response:
    why = next((why for why in WhyOver if why.value == request.args.get("why")), None)
    settings = SETTINGS.here()
    return respond(
        "accounts/sign_in.html",
        status=status,
        form=form,
        why=why.words if why else "",
        is_kept=_leads_to_kept(form.next.data),
        sign_on=settings.sign_on,
        codes=_example_codes(),
        example_password=example.example_password(settings.data_dir) if settings.example else None,
    )


def _again_page(form: AgainForm, email: str, status: int = 200) -> Response:
    # Signed in already, they cannot look a code up on the sign-in page of the example area.
    own = [one for one in _example_codes() if one.email == email]
    return respond(
        "accounts/reauthenticate.html",
        status=status,
        form=form,
        codes=own,
        is_kept=_leads_to_kept(form.next.data),
    )


def _sign_on() -> SignOn | None:
    settings = SETTINGS.here()
    return settings.sign_on


def _sign_on_only() -> bool:
    held = _sign_on()
    return held is not None and held.only


def _leads_to_kept(after: str | None) -> bool:
    """Whether what they had sent waits for them behind this page."""
    return local_path(after).startswith(KEPT_FORMS)


def _example_codes() -> list[example.ExampleSignIn]:
    settings = SETTINGS.here()
    return example.example_sign_ins(reading(), now()) if settings.example else []
