"""A discussion of a referral is needed, starts now, or was held already."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings import queries
from app.meetings.beside import Beside, booked_about
from app.meetings.booking import queries as booking
from app.meetings.booking.slots import format_for
from app.meetings.need import rules, service
from app.meetings.need.cases import case_of
from app.meetings.need.forms import (
    HeldForm,
    NeedForm,
    StartForm,
    moment_of,
)
from app.meetings.need.people import people_to_ring
from app.meetings.need.same_time import at_that_time, check_another
from app.meetings.need.types import Occasion, Started
from app.meetings.of_children import discussion_over
from app.meetings.restricted.hidden import hidden_cases, masked
from app.meetings.routes import once
from app.meetings.types import Format, MeetingState
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.referrals import queries as referrals
from app.referrals.acting import taken_first
from app.referrals.checks.queries import left_open
from app.referrals.letters_out import sender
from app.referrals.models import Referral
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("need", __name__)
LEFT_OPEN = "Agencies that were asked have not answered: see what becomes of it under agency checks"


@blueprint.get("/referrals/<ref>/discussions")
@access(staff_may(Permission.DISCUSSION_SEE))
def discussions(ref: str) -> Response:
    """The discussions of one referral, in order; straight to the only one (A11)."""
    session = reading()
    referral = _referral_or_404(session, ref)
    held = queries.meetings_of_referral(session, referral.id)
    if len(held) == 1:
        return go_to(url_for("meetings.overview", ref=held[0].ref))
    return respond("meetings/need/discussions.html", referral=referral, meetings=held)


@blueprint.route("/referrals/<ref>/strategy-discussion", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_NEED))
def decide(ref: str) -> Response:
    """The manager decides that a strategy discussion is needed."""
    moment = now()
    form = NeedForm(decided_at=moment)
    ref = _referral_or_404(reading(), ref).ref
    if form.validate_on_submit():
        staff = signed_in()

        def act(session: Session) -> str:
            occasion = _occasion(ref, form)
            decided_at = moment_of(form.decided_at) or moment
            meeting = service.decide_needed(
                session, staff, occasion, form.reason.data, decided_at, moment
            )
            return url_for("meetings.overview", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
            flash("Decided. The discussion can be booked.", "success")
            return go_to(book_at_once(location))
    elif request.method == "GET":
        _note_view(ref, "strategy discussion needed")
    session = reading()
    referral = _referral_or_404(session, ref)
    held = queries.meetings_of_referral(session, referral.id)
    decided_at = min(moment_of(form.decided_at) or moment, moment)
    return respond(
        "meetings/need/decide.html",
        status=422 if form.errors else 200,
        form=form,
        referral=referral,
        children=[row.child for row in referral.children],
        case=case_of(session, Occasion(referral_ref=ref), decided_at),
        waiting=next((one for one in held if one.state is MeetingState.NEEDED), None),
        cancelled=service.in_place_of(session, _occasion(ref, form), decided_at),
        deadline=_expected(session, _occasion(ref, form), decided_at, moment),
    )


@blueprint.route("/referrals/<ref>/start-now", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_START))
def start_now(ref: str) -> Response:
    """One press, and the discussion runs (C11)."""
    form = StartForm()
    ref = _referral_or_404(reading(), ref).ref
    if form.validate_on_submit():
        staff, moment = signed_in(), now()

        def act(session: Session) -> str:
            given = Started(
                reason=form.reason.data,
                format=Format(form.format.data),
                place=form.place.data,
                dial_in=form.dial_in.data,
                professional_ids=tuple(int(one) for one in form.people.data if one.isdigit()),
            )
            occasion = Occasion(referral_ref=ref)
            meeting = service.start_now(session, staff, occasion, given, sender(), moment)
            return url_for("discussion.hold", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
            return go_to(location)
    elif request.method == "GET":
        _note_view(ref, "start now")
    session = reading()
    referral = _referral_or_404(session, ref)
    form.people.choices = _people(session, referral, now())
    if request.method == "GET":
        case = booking.case_facts(session, referral.id, [one.child_id for one in referral.children])
        form.format.data = format_for(case).format.value
    return respond(
        "meetings/need/start_now.html",
        status=422 if form.errors else 200,
        form=form,
        referral=referral,
        children=[row.child for row in referral.children],
        still_booked=_booked(session, referral),
    )


@blueprint.route("/referrals/<ref>/already-held", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_START))
def already_held(ref: str) -> Response:
    """Write down a discussion that took place already (C11)."""
    moment = now()
    form = HeldForm(ended_at=moment)
    ref = _referral_or_404(reading(), ref).ref
    if request.form.get("do") == "another":
        form.others.append_entry()
    elif form.validate_on_submit():
        staff = signed_in()

        def act(session: Session) -> str:
            given = form.held(moment)
            referral = _referral_or_404(session, ref)
            taken_first(session, referral.id)
            children = _children(referral)
            check_another(session, children, given, hidden_cases())
            occasion = Occasion(referral_ref=ref)
            meeting = service.record_held(session, staff, occasion, given, sender(), moment)
            return url_for("discussion.hold", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
            for warning in rules.warnings_about(form.held(moment).people):
                flash(warning)
            if _left_open(reading(), ref):
                flash(LEFT_OPEN)
            flash("Kept. Now write down what was decided.", "success")
            return go_to(location)
    elif request.method == "GET":
        _note_view(ref, "record one already held")
        form.others.append_entry()
    session = reading()
    referral = _referral_or_404(session, ref)
    form.people.choices = _people(session, referral, moment)
    return respond(
        "meetings/need/already_held.html",
        status=422 if form.errors and request.form.get("do") != "another" else 200,
        form=form,
        referral=referral,
        children=[row.child for row in referral.children],
        still_booked=_booked(session, referral),
        same=may_be(session, _children(referral), form),
    )


def may_be(session: Session, child_ids: Collection[int], form: HeldForm) -> list[Beside]:
    """What stands about these children at the time that was typed, as far as whoever types may see
    it."""
    began, ended = moment_of(form.started_at), moment_of(form.ended_at)
    if began is None or ended is None:
        return []
    hidden = hidden_cases()
    return [one for one in at_that_time(session, child_ids, began, ended) if one.ref not in hidden]


def _children(referral: Referral) -> list[int]:
    return [row.child_id for row in referral.children]


def _booked(session: Session, referral: Referral) -> list[Beside]:
    """What is booked about these children: starting or recording another cancels nothing."""
    return masked(booked_about(session, _children(referral)), at=None)


def _people(session: Session, referral: Referral, at: datetime) -> list[tuple[str, str]]:
    case = booking.case_facts(session, referral.id, [row.child_id for row in referral.children])
    return people_to_ring(session, case, at)


def _occasion(ref: str, form: NeedForm) -> Occasion:
    return Occasion(referral_ref=ref, information_at=moment_of(form.information_at))


def _expected(
    session: Session, occasion: Occasion, decided_at: datetime, moment: datetime
) -> DeadlinePanel | None:
    """The deadline that the decision sets, before it is taken (B2)."""
    clock = service.expected_due(session, occasion, decided_at)
    return deadline_panel(clock, moment) if clock is not None else None


def book_at_once(location: str) -> str:
    """Whoever decides and may book goes straight on to the booking page (C1)."""
    return f"{location}/book" if may(Permission.DISCUSSION_BOOK) else location


def _note_view(ref: str, page: str) -> None:
    """A page of a case is about to be sent: its row is committed before (H3)."""
    with transaction() as session:
        viewed(session, signed_in().actor, page, Subject("referral", ref), now())


def _left_open(session: Session, ref: str) -> bool:
    """Whether agencies that were asked before it was held have not answered."""
    referral = _referral_or_404(session, ref)
    return bool(left_open(session, referral, discussion_over(session, referral.id)))


def _referral_or_404(session: Session, ref: str) -> Referral:
    referral = referrals.by_ref(session, ref)
    if referral is None:
        abort(404)
    return referral
