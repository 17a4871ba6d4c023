"""The one door: the referral form for staff (A1-A5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals import rules, service
from app.referrals.arrivals.service import take_in
from app.referrals.came_in.source import kind_problems
from app.referrals.intake import arrived, guard
from app.referrals.intake.forms import IntakeForm
from app.referrals.intake.people import lists
from app.referrals.masking import ask_keepers
from app.referrals.public import queries as arrivals
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("referrals", __name__, url_prefix="/referrals")


@blueprint.route("/new", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def enter() -> Response:
    moment = now()
    if request.method == "GET":
        return _page(IntakeForm(data=_first_data(moment)))
    form = IntakeForm()
    if form.nonce.data and (location := done_before(reading(), form.nonce.data)):
        return go_to(location)  # sent twice: the children it would ask about are its own
    if _rearranged(form):
        return _page(form)
    _fill(reading(), form)
    form.validate()
    # Shape and rules at once, so that nobody mends a form twice.
    given = form.intake(moment)
    for problem in (*rules.intake_problems(given, moment), *kind_problems(reading(), given)):
        form.refuse(problem)
    guard.adults_to_confirm(form, london_date(moment))
    if form.errors:
        return _page(form, status=422)
    asked = guard.questions(reading(), form, moment)
    if guard.unanswered(asked):
        form.gather_errors()
        return _page(form, status=422 if form.errors else 200, asked=asked)
    try:
        return _save(form)
    except Refused as refusal:
        form.refuse(refusal)
        return _page(form, status=422, asked=asked)
    except IntegrityError:
        # Sent twice at the same moment: the other sending won, this one goes where it led.
        with transaction() as session:
            location = done_before(session, form.nonce.data)
        if location is None:
            raise
        return go_to(location)


def _first_data(moment: datetime) -> dict[str, Any]:
    """What the form is filled with: nothing but the time, or what came by the public form."""
    asked = request.args.get("arrived", "")
    if not asked:
        return {"received_at": moment}
    held = arrivals.by_ref(reading(), asked) or abort(404)
    ref = held.ref
    with transaction() as session:
        viewed(session, signed_in().actor, "taking in", Subject("referral", ref), moment)
    held = arrivals.by_ref(reading(), ref) or abort(404)
    if held.settled_at is not None:
        abort(redirect(url_for("arrivals.as_sent", ref=ref), 303))
    return arrived.form_data(reading(), held, london_date(moment))


def _save(form: IntakeForm) -> Response:
    with transaction() as session:
        location = done_before(session, form.nonce.data)
        if location is None:
            intake, actor = form.intake(now()), signed_in().actor
            if form.arrived.data:
                referral = take_in(session, actor, form.arrived.data, intake, now())
            else:
                referral = service.enter_referral(session, actor, intake, now())
            ask_keepers(session, form.perhaps(), referral.ref)
            location = url_for("referrals.referral", ref=referral.ref)
            mark_done(session, form.nonce.data, location, now())
            flash(f"Referral {referral.ref} is saved.", "success")
    return go_to(location)


def _rearranged(form: IntakeForm) -> bool:
    """Whether the form was only sent to gain or lose a child or an adult, or to show addresses."""
    pressed = request.form.get("press", "")
    kind, _, name = pressed.partition(" ")
    if kind == "add" and name in ("children", "adults"):
        form[name].append_entry()
    elif kind == "remove":
        for entries in (form.children, form.adults):
            entries.entries = [entry for entry in entries if entry.name != name]
        if not form.children.entries:
            form.children.append_entry()
    elif kind != "addresses":
        return False
    return True


def _fill(session: Session, form: IntakeForm) -> None:
    protocol = active(directory.council(session).protocol_id)
    offered = lists(session)
    form.set_choices(
        [rating.value for rating in protocol.ratings],
        offered.agencies,
        offered.everybody,
        offered.picks,
        offered.wards,
    )


def _page(
    form: IntakeForm, status: int = 200, asked: list[guard.Question] | None = None
) -> Response:
    moment = now()
    _fill(reading(), form)
    pressed = request.form.get("press", "")
    if asked is None and any(entry.form.asked.data for entry in form.children):
        asked = guard.questions(reading(), form, moment, addresses=pressed == "addresses")
        guard.unanswered(asked)
        for question in asked:
            question.entry.form.same_as.errors = []
    if asked:
        note_views(asked, addresses=pressed == "addresses")
    return respond(
        "referrals/enter.html",
        "referrals/_enter.html",
        status=status,
        form=form,
        asked=asked or [],
        addresses=pressed == "addresses",
        council=directory.council(reading()),
        today=london_date(moment),
        is_adult=rules.is_adult,
        added=pressed.removeprefix("add ") if pressed.startswith("add ") else "",
    )


def note_views(asked: list[guard.Question], *, addresses: bool) -> None:
    """Showing a known child beside a typed one is a view of that child (H3)."""
    page = "likely match with address" if addresses else "likely match"
    refs = {candidate.ref for question in asked for candidate in question.candidates}
    with transaction() as session:
        for ref in sorted(refs):
            viewed(session, signed_in().actor, page, Subject("child", ref), now())
