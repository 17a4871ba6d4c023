"""A discussion is needed, starts now, was held already, or comes from an open case."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.directory.types import AgencyKind
from app.meetings import queries
from app.meetings.booking import queries as booking
from app.meetings.booking.rules import roles_asked_for, who_must_come
from app.meetings.booking.slots import format_for
from app.meetings.need import service
from app.meetings.need.forms import (
    ChildRow,
    HeldForm,
    NeedForm,
    OpenCaseForm,
    StartForm,
    attendance_for,
    moment_of,
)
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.routes import once
from app.meetings.types import Format, MeetingState
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.referrals import queries as referrals
from app.referrals.children import add_child
from app.referrals.matching import Identity
from app.referrals.models import Referral
from app.referrals.types import ChildGiven
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("need", __name__)


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
            return go_to(_book_at_once(location))
    elif request.method == "GET":
        _note_view(ref, "strategy discussion needed")
    session = reading()
    referral = _referral_or_404(session, ref)
    held = queries.meetings_of_referral(session, referral.id)
    return respond(
        "meetings/need/decide.html",
        status=422 if form.errors else 200,
        form=form,
        referral=referral,
        children=[row.child for row in referral.children],
        is_later=any(one.state is not MeetingState.CANCELLED for one in held),
        waiting=next((one for one in held if one.state is MeetingState.NEEDED), None),
        cancelled=service.in_place_of(session, _occasion(ref, form)),
        deadline=_expected(session, ref, form, moment),
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
            meeting = service.start_now(session, staff, Occasion(referral_ref=ref), given, moment)
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
            given = _held(form, moment)
            meeting = service.record_held(session, staff, Occasion(referral_ref=ref), given, moment)
            return url_for("discussion.hold", ref=meeting.ref)

        location = once(form, act)
        if location is not None:
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
    )


@blueprint.route("/discussions/new", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_NEED))
def open_case() -> Response:
    """A discussion from an assessment under way, without a referral (A11; BROMLEY 2)."""
    form = OpenCaseForm()
    pressed = request.form.get("do", "")
    if request.method == "GET":
        for child_ref in request.args.getlist("child"):
            form.children.append_entry({"ref": child_ref})
    elif pressed in ("needed", "start"):
        if form.validate() and _whole(form, needs_reason=pressed == "needed"):
            location = _open(form, start=pressed == "start")
            if location is not None:
                return go_to(location)
    else:
        _choose(form)
    session = reading()
    searched = pressed == "find"
    typed = Identity(form.given_name.data or "", form.family_name.data or "", form.born.data, None)
    matches = referrals.likely_matches(session, typed) if searched else []
    _note_children([one.child.ref for one in matches], form)
    return respond(
        "meetings/need/open_case.html",
        status=422 if form.errors and pressed in ("needed", "start") else 200,
        form=form,
        chosen=[(row, _named(session, row)) for row in form.rows()],
        matches=matches,
        searched=searched and bool(typed.given or typed.family),
        may_start=may(Permission.DISCUSSION_START),
    )


def _open(form: OpenCaseForm, *, start: bool) -> str | None:
    staff, moment = signed_in(), now()

    def act(session: Session) -> str:
        refs = []
        for row in form.rows():
            child_ref = row.ref.data
            if not child_ref:
                given = ChildGiven(row.given_name.data, row.family_name.data, _born(row))
                child_ref = add_child(session, staff.actor, given, moment).ref
            refs.append(child_ref)
        occasion = Occasion(
            child_refs=tuple(refs),
            information_at=moment_of(form.information_at),
            identified_at=moment_of(form.identified_at),
        )
        if start:
            given_now = Started(reason=form.reason.data)
            meeting = service.start_now(session, staff, occasion, given_now, moment)
            return url_for("discussion.hold", ref=meeting.ref)
        meeting = service.decide_needed(session, staff, occasion, form.reason.data, moment, moment)
        return _book_at_once(url_for("meetings.overview", ref=meeting.ref))

    return once(form, act)


def _whole(form: OpenCaseForm, *, needs_reason: bool) -> bool:
    if not form.rows():
        form.add_error("given_name", "Find and choose at least one child")
    if needs_reason and not form.reason.data:
        form.add_error("reason", "Say why a strategy discussion is needed")
    return not form.errors


def _choose(form: OpenCaseForm) -> None:
    """Put a found child on the list, or a new one, or take one off."""
    there = {row.key for row in form.rows()}
    if chosen := request.form.get("add"):
        if chosen not in there:
            form.children.append_entry({"ref": chosen})
        _clear(form)
    elif request.form.get("do") == "add-new":
        if not (form.given_name.data or form.family_name.data):
            form.add_error("given_name", "Enter the child's name")
            return
        born = form.born.data.isoformat() if form.born.data else ""
        form.children.append_entry(
            {
                "given_name": form.given_name.data,
                "family_name": form.family_name.data,
                "born": born,
            }
        )
        _clear(form)
    elif dropped := request.form.get("drop"):
        form.children.entries = [
            entry for entry in form.children.entries if entry.form.key != dropped
        ]


def _clear(form: OpenCaseForm) -> None:
    for field in (form.given_name, form.family_name, form.born):
        field.process(None)
    form.born.parts = ("", "", "")


def _named(session: Session, row: ChildRow) -> str:
    if row.ref.data:
        child = referrals.child_by_ref(session, row.ref.data)
        if child is None:
            return "Not found: take it off"
        born = f", born {child.date_of_birth:%-d %B %Y}" if child.date_of_birth else ""
        return f"{child.given_name} {child.family_name}{born}"
    born_at = _born(row)
    born = f", born {born_at:%-d %B %Y}" if born_at else ""
    return f"{row.given_name.data} {row.family_name.data}{born} (new here)"


def _born(row: ChildRow) -> date | None:
    try:
        return date.fromisoformat(row.born.data or "")
    except ValueError:
        return None


def _held(form: HeldForm, moment: datetime) -> HeldAlready:
    format_ = Format(form.format.data)
    here = attendance_for(format_)
    known = [Present(here, professional_id=int(one)) for one in form.people.data if one.isdigit()]
    typed = [
        Present(
            here,
            name=row.name.data,
            title=row.title.data,
            agency_name=row.agency.data,
            agency_kind=AgencyKind(row.kind.data),
            email=row.email.data,
            field="others",
        )
        for row in (entry.form for entry in form.others.entries)
        if row.name.data
    ]
    return HeldAlready(
        started_at=moment_of(form.started_at) or moment,
        ended_at=moment_of(form.ended_at) or moment,
        reason=form.reason.data,
        format=format_,
        place=form.place.data,
        people=(*known, *typed),
    )


def _people(session: Session, referral: Referral, at: datetime) -> list[tuple[str, str]]:
    """Who would be proposed: the people an urgent discussion is likely to have."""
    case = booking.case_facts(session, referral.id, [row.child_id for row in referral.children])
    directory = booking.people_with(session, roles_asked_for(case))
    people = {}
    for proposal in who_must_come(case, directory, at):
        for person in (proposal.person, *proposal.options[:3]):
            if person is not None:
                people[person.id] = (
                    f"{person.name}, {person.title or person.role.label}, {person.agency_name}"
                    f"{f': {person.telephone}' if person.telephone else ''}"
                )
    return [(str(person_id), words) for person_id, words in people.items()]


def _occasion(ref: str, form: NeedForm) -> Occasion:
    return Occasion(referral_ref=ref, information_at=moment_of(form.information_at))


def _expected(session: Session, ref: str, form: NeedForm, moment: datetime) -> DeadlinePanel | None:
    """The deadline that the decision sets, before it is taken (B2)."""
    decided_at = moment_of(form.decided_at) or moment
    clock = service.expected_due(session, _occasion(ref, form), min(decided_at, moment))
    return deadline_panel(clock, moment) if clock is not None else None


def _book_at_once(location: str) -> str:
    """Whoever decides and may book goes straight on to the booking page (C1)."""
    return f"{location}/book" if may(Permission.DISCUSSION_BOOK) else location


def _note_view(ref: str, page: str) -> None:
    """A page of a case is about to be sent: its row is committed before (H3)."""
    with transaction() as session:
        viewed(session, signed_in().actor, page, Subject("referral", ref), now())


def _note_children(found: list[str], form: OpenCaseForm) -> None:
    """Showing a known child's name and birth is a view of that child (H3)."""
    chosen = (row.ref.data.strip().upper() for row in form.rows() if row.ref.data)
    refs = {*found, *(ref for ref in chosen if referrals.child_by_ref(reading(), ref))}
    if refs:
        with transaction() as session:
            for ref in sorted(refs):
                viewed(session, signed_in().actor, "open case", Subject("child", ref), now())


def _referral_or_404(session: Session, ref: str) -> Referral:
    referral = referrals.by_ref(session, ref)
    if referral is None:
        abort(404)
    return referral
