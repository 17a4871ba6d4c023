"""One's own second factor, recovery codes and sessions (H1)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts import offered, second_factor, service, sessions
from app.accounts.forms import PressForm, RenewForm
from app.accounts.queries import Reachable
from app.accounts.recovery import service as recovery
from app.accounts.recovery.queries import left
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.teller import teller
from app.accounts.telling import AccountEvent
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading, transaction
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("own", __name__, url_prefix="/account")
SIGNED_IN = staff_may(Permission.SIGNED_IN)
# What would let somebody else in later asks for password and code again.
FRESH = staff_may(Permission.SIGNED_IN, fresh=True)


@blueprint.route("/recovery-codes", methods=["GET", "POST"])
@access(FRESH)
def recovery_codes() -> ResponseReturnValue:
    form, member = PressForm(), signed_in()
    codes: list[str] = []
    if form.validate_on_submit():
        moment = now()
        with transaction() as session:
            codes = recovery.make(session, member, moment)
            person = Reachable(member.id, member.name, member.email)
            teller()(session, AccountEvent.RECOVERY_CODES_MADE, [person], moment)
    return respond(
        "accounts/recovery_codes.html",
        form=form,
        member=member,
        codes=codes,
        left=left(reading(), member.id),
    )


@blueprint.route("/second-factor", methods=["GET", "POST"])
@access(FRESH)
def renew_second_factor() -> ResponseReturnValue:
    form, member = RenewForm(), signed_in()
    secret = offered.opened(form.offered.data or "", member.id, now())
    if form.validate_on_submit() and secret is not None:
        with transaction() as session:
            done = service.renew_second_factor(
                session, member, secret, form.code.data, teller(), now()
            )
        if done:
            flash("Your new authenticator app is set up. Other browsers are signed out", "success")
            return go_to(url_for("accounts.account"))
        form.add_error(
            "code",
            "That code is not right: enter the six digits that the app shows for the new account",
        )
    elif form.is_submitted() and secret is None:
        form.add_error("code", "That took too long: add the new picture below to your app")
    if secret is None:
        secret = second_factor.new_secret()
        form.offered.data = offered.seal(member.id, secret, now())
    return respond(
        "accounts/renew.html",
        status=422 if form.errors else 200,
        form=form,
        secret=second_factor.in_groups(secret),
    )


@blueprint.get("/second-factor/picture")
@access(FRESH)
def picture() -> ResponseReturnValue:
    """What the page above offers, as a picture: the address holds it encrypted."""
    member = signed_in()
    secret = offered.opened(request.args.get("offered", ""), member.id, now()) or abort(404)
    address = second_factor.address_for_app(secret, member.email, "Strategy discussions")
    return Response(second_factor.picture(address), mimetype="image/svg+xml")


@blueprint.post("/sessions/end-others")
@access(SIGNED_IN)
def end_others() -> ResponseReturnValue:
    if not PressForm().validate_on_submit():
        abort(400)
    with transaction() as session:
        sessions.end_other_sessions(session, signed_in(), now())
    flash("Every other browser is signed out", "success")
    return go_to(url_for("accounts.account"))
