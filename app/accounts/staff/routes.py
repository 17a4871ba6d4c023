"""The system administrator's pages about staff (H1)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.forms import PressForm
from app.accounts.passwords import hash_password, new_one_time_password
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.staff import queries, service
from app.accounts.staff.forms import ROLE_HINTS, NewPersonForm, ReasonForm, RolesForm
from app.accounts.teller import teller
from app.accounts.types import Permission
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.numbers import whole
from app.web.once import done_before, mark_done

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
MANAGE = staff_may(Permission.STAFF_MANAGE)
# What gives somebody a way in, or takes the last guard away, asks for password and code again.
MANAGE_FRESH = staff_may(Permission.STAFF_MANAGE, fresh=True)


@blueprint.get("/")
@access(MANAGE)
def people() -> ResponseReturnValue:
    left = request.args.get("left") == "yes"
    page = queries.people(
        reading(), now(), left=left, after=request.args.get("after", 0, type=whole)
    )
    return respond("accounts/staff/people.html", page=page, left=left)


@blueprint.route("/new", methods=["GET", "POST"])
@access(MANAGE_FRESH)
def add() -> ResponseReturnValue:
    form = NewPersonForm()
    if not form.validate_on_submit():
        return _new_page(form, 422 if form.errors else 200)
    password = new_one_time_password()
    one_time_hash = hash_password(password)
    try:
        with transaction() as session:
            before = done_before(session, form.nonce.data)
            if before is None:
                added = service.add(
                    session,
                    signed_in().actor,
                    name=form.name.data,
                    email=form.email.data,
                    telephone=form.telephone.data or None,
                    roles=form.roles.chosen,
                    one_time_hash=one_time_hash,
                    tell=teller(),
                    now=now(),
                )
                there = url_for("staff.person", staff_id=added.id)
                mark_done(session, form.nonce.data, there, now())
    except Refused as refused:
        form.add_error(refused.field, refused.message)
        return _new_page(form, 422)
    except IntegrityError:
        # Two people added the same address at once: the database let the other one in.
        form.add_error("email", "This address has an account already: change that one")
        return _new_page(form, 422)
    if before is not None:
        flash("This person was added already. Their password was shown once; make a new one here.")
        return go_to(before)
    return _password_page(form.name.data, form.email.data, password, there)


@blueprint.get("/<int:staff_id>")
@access(MANAGE)
def person(staff_id: int) -> ResponseReturnValue:
    form = RolesForm()
    return _person_page(staff_id, form)


@blueprint.post("/<int:staff_id>/roles")
@access(MANAGE_FRESH)
def roles(staff_id: int) -> ResponseReturnValue:
    form = RolesForm()
    if not form.validate_on_submit():
        return _person_page(staff_id, form, 422)
    try:
        with transaction() as session:
            service.change_roles(
                session, signed_in().actor, staff_id, form.roles.chosen, teller(), now()
            )
    except Refused as refused:
        if refused.field != "roles":
            return _refused(staff_id, refused)
        form.add_error(refused.field, refused.message)
        return _person_page(staff_id, form, 422)
    flash("The roles are changed", "success")
    return go_to(url_for("staff.person", staff_id=staff_id))


@blueprint.post("/<int:staff_id>/password")
@access(MANAGE_FRESH)
def password(staff_id: int) -> ResponseReturnValue:
    return _with_one_time_password(staff_id, service.new_one_time_password)


@blueprint.route("/<int:staff_id>/second-factor", methods=["GET", "POST"])
@access(MANAGE_FRESH)
def second_factor(staff_id: int) -> ResponseReturnValue:
    form, shown = ReasonForm(), queries.person(reading(), staff_id, now()) or abort(404)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                service.reset_second_factor(
                    session, signed_in().actor, staff_id, form.reason.data, teller(), now()
                )
        except Refused as refused:
            if refused.field != "reason":
                return _refused(staff_id, refused)
            form.add_error(refused.field, refused.message)
        else:
            flash("The next sign-in sets up a new second factor", "success")
            return go_to(url_for("staff.person", staff_id=staff_id))
    status = 422 if form.errors else 200
    return respond("accounts/staff/second_factor.html", status=status, form=form, person=shown)


@blueprint.route("/sign-out-everybody", methods=["GET", "POST"])
@access(MANAGE_FRESH)
def sign_out_everybody() -> ResponseReturnValue:
    form, member = ReasonForm(), signed_in()
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return respond("accounts/staff/sign_out_everybody.html", status=status, form=form)
    with transaction() as session:
        service.sign_out_everybody(
            session, member.actor, form.reason.data, now(), but=member.session_id
        )
    flash("Everybody else is signed out", "success")
    return go_to(url_for("staff.people"))


@blueprint.post("/<int:staff_id>/sessions")
@access(MANAGE)
def sessions(staff_id: int) -> ResponseReturnValue:
    return _press(
        staff_id,
        lambda session: service.sign_out_everywhere(session, signed_in().actor, staff_id, now()),
        "Signed out everywhere",
    )


@blueprint.post("/<int:staff_id>/end")
@access(MANAGE_FRESH)
def end(staff_id: int) -> ResponseReturnValue:
    return _press(
        staff_id,
        lambda session: service.end(session, signed_in().actor, staff_id, now()),
        "This person can no longer sign in",
    )


@blueprint.post("/<int:staff_id>/return")
@access(MANAGE_FRESH)
def let_return(staff_id: int) -> ResponseReturnValue:
    return _with_one_time_password(staff_id, service.let_return)


def _press(staff_id: int, change: Callable[[Session], object], done: str) -> ResponseReturnValue:
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            change(session)
    except Refused as refused:
        return _refused(staff_id, refused)
    flash(done, "success")
    return go_to(url_for("staff.person", staff_id=staff_id))


def _with_one_time_password(staff_id: int, change: Callable[..., None]) -> ResponseReturnValue:
    if not PressForm().validate_on_submit():
        abort(400)
    shown = queries.person(reading(), staff_id, now())
    if shown is None:
        abort(404)
    one_time = new_one_time_password()
    one_time_hash = hash_password(one_time)
    try:
        with transaction() as session:
            change(session, signed_in().actor, staff_id, one_time_hash, teller(), now())
    except Refused as refused:
        return _refused(staff_id, refused)
    return _password_page(
        shown.name, shown.email, one_time, url_for("staff.person", staff_id=staff_id)
    )


def _refused(staff_id: int, refused: Refused) -> ResponseReturnValue:
    flash(refused.message)
    if queries.person(reading(), staff_id, now()) is None:
        return go_to(url_for("staff.people"))
    return go_to(url_for("staff.person", staff_id=staff_id))


def _new_page(form: NewPersonForm, status: int) -> ResponseReturnValue:
    return respond("accounts/staff/new.html", status=status, form=form, hints=ROLE_HINTS)


def _person_page(staff_id: int, form: RolesForm, status: int = 200) -> ResponseReturnValue:
    shown = queries.person(reading(), staff_id, now())
    if shown is None:
        abort(404)
    if request.method == "GET":
        form.roles.data = [role.value for role in shown.roles]
    return respond(
        "accounts/staff/person.html", status=status, form=form, person=shown, hints=ROLE_HINTS
    )


def _password_page(name: str, email: str, password: str, there: str) -> ResponseReturnValue:
    settings = SETTINGS.here()
    held = settings.sign_on
    return respond(
        "accounts/staff/one_time_password.html",
        only=held if held and held.only else None,
        name=name,
        email=email,
        password=password,
        there=there,
    )
