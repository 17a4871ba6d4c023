"""A child is added to a referral with the wrong-child guard, or taken off it (A2, A3)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.referrals import rules, shown
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.finding import found
from app.referrals.forms import set_picks
from app.referrals.intake import guard
from app.referrals.intake.people import lists
from app.referrals.intake.routes import note_views
from app.referrals.joining import service
from app.referrals.joining.forms import JoinForm, LeaveForm
from app.referrals.masking import ask_keepers
from app.referrals.models import Child
from app.referrals.of_meetings import WAITING_DISCUSSIONS
from app.referrals.types import ChangedMeanwhile
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("joining", __name__, url_prefix="/referrals")


@blueprint.route("/<ref>/children/add", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def join(ref: str) -> Response:
    held, moment = found(reading(), ref), now()
    ref = held.ref
    if request.method == "GET":
        with transaction() as session:
            subject = Subject("referral", ref)
            viewed(session, signed_in().actor, "referral, add a child", subject, moment)
        return _page(ref, JoinForm(data={"version": held.version}))
    form = JoinForm()
    if form.nonce.data and (location := done_before(reading(), form.nonce.data)):
        return go_to(location)  # sent twice: the child it would ask about is its own
    _fill(form)
    if request.form.get("press") == "addresses":
        return _page(ref, form, asked=guard.questions(reading(), form, moment, addresses=True))
    form.validate()
    today = london_date(moment)
    for problem in rules.child_problems(form.children[0].form.given(), today, "children-0-"):
        form.refuse(problem)
    guard.adults_to_confirm(form, today)
    if form.errors:
        return _page(ref, form, 422)
    asked = guard.questions(reading(), form, moment)
    if guard.unanswered(asked):
        form.gather_errors()
        return _page(ref, form, 422 if form.errors else 200, asked)
    try:
        return _save(ref, form)
    except Refused as refusal:
        form.refuse(refusal)
        return _page(ref, form, 422, asked)
    except (ChangedMeanwhile, StaleDataError):
        # The next sending is on top of what is there now, and the guard looks again.
        form.version.data, form.version.raw_data = found(reading(), ref).version, None
        return _page(ref, form, 409, asked)


def _save(ref: str, form: JoinForm) -> Response:
    with transaction() as session:
        location = done_before(session, form.nonce.data)
        if location is None:
            child = service.join(
                session, signed_in().actor, found(session, ref), form.children[0].form.given(),
                now(), form.version.data, WAITING_DISCUSSIONS.here(),
            )  # fmt: skip
            ask_keepers(session, form.perhaps(), ref)
            location = url_for("referrals.referral", ref=ref)
            mark_done(session, form.nonce.data, location, now())
            flash(f"{shown.name_of(child)} is on the referral.", "success")
    return go_to(location)


def _fill(form: JoinForm) -> None:
    set_picks(form.children[0].form, lists(reading()).picks)


def _page(
    ref: str, form: JoinForm, status: int = 200, asked: list[guard.Question] | None = None
) -> Response:
    _fill(form)
    addresses = request.form.get("press") == "addresses"
    if addresses:
        guard.unanswered(asked or [])
        for question in asked or []:
            question.entry.form.same_as.errors = []
    if asked:
        note_views(asked, addresses=addresses)
    held = found(reading(), ref)
    return respond(
        "referrals/join.html",
        "referrals/_join.html",
        status,
        form=form,
        referral=held,
        names=shown.names_of(row.child for row in held.children),
        asked=asked or [],
        addresses=addresses,
        events=[shown.event(one) for one in history(reading(), "referral", ref, most=3)],
        changed=status == 409,
    )


@blueprint.route("/<ref>/children/<child_ref>/take-off", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def leave(ref: str, child_ref: str) -> Response:
    held = found(reading(), ref)
    child = _child_on(reading(), held.ref, child_ref)
    ref, child_ref = held.ref, child.ref
    form = LeaveForm(data={"version": held.version})

    def save(session: Session) -> None:
        service.leave(
            session, signed_in().actor, found(session, ref), _child_on(session, ref, child_ref),
            form.reason.data, now(), form.version.data,
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        latest = history(session, "referral", ref, most=1)
        return [Text(one.actor_label, one.at, shown.event(one).title) for one in latest]

    return answer_small(
        held,
        SmallForm(
            page="leave",
            form=form,
            save=save,
            done=f"{child_ref} is taken off the referral.",
            theirs=theirs,
            yours=form.reason.data or "",
            context={"name": shown.name_of(child)},
        ),
    )


def _child_on(session: Session, ref: str, child_ref: str) -> Child:
    """A child of this referral, else no such page."""
    on_it = [row.child for row in found(session, ref).children]
    return next((one for one in on_it if one.ref == child_ref.upper()), None) or abort(404)
