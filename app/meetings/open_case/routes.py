"""A discussion from an open case: needed, started now, or held already; what it is about (A11)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.case_views import lists_cases
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.meetings import queries
from app.meetings.beside import Beside, booked_about
from app.meetings.booking.queries import case_facts
from app.meetings.models import Meeting
from app.meetings.need import service as need
from app.meetings.need.forms import moment_of
from app.meetings.need.people import people_to_ring
from app.meetings.need.routes import book_at_once, may_be
from app.meetings.need.rules import warnings_about
from app.meetings.need.same_time import check_another
from app.meetings.need.types import Occasion, Started
from app.meetings.open_case import service
from app.meetings.open_case.forms import (
    AboutFields,
    AboutForm,
    ChildRow,
    OpenCaseForm,
    OpenHeldForm,
)
from app.meetings.open_case.queries import about_of, open_case_of
from app.meetings.open_case.types import About
from app.meetings.restricted.hidden import ask_keepers, hidden_cases, masked, whom_to_ask
from app.meetings.routes import meeting_or_404, note_view_of, once
from app.referrals import queries as referrals
from app.referrals.children import add_child
from app.referrals.letters_out import sender
from app.referrals.matching import Identity
from app.referrals.types import ChangedMeanwhile, ChildGiven
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("open_case", __name__)

Either = OpenCaseForm | OpenHeldForm
TAKE_OFF = "take it off and enter the child as new, and ask"


@blueprint.route("/discussions/new", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_NEED))
def begin() -> Response:
    """A discussion from an assessment under way, without a referral (A11; BROMLEY 2)."""
    form = OpenCaseForm()
    pressed = request.form.get("do", "")
    added = False
    if request.method == "GET":
        for child_ref in request.args.getlist("child"):
            form.children.append_entry({"ref": child_ref})
    elif pressed in ("needed", "start"):
        _fill(form)
        if form.validate() and _whole(form, needs_reason=pressed == "needed"):
            location = _open(form, start=pressed == "start")
            if location is not None:
                return go_to(location)
    else:
        added = _arrange(form)
    return _page(
        "meetings/open_case/begin.html",
        form,
        pressed in ("needed", "start"),
        added=added,
        may_start=may(Permission.DISCUSSION_START),
    )


def _open(form: OpenCaseForm, *, start: bool) -> str | None:
    staff, moment, perhaps = signed_in(), now(), _perhaps(form)

    def act(session: Session) -> str:
        occasion = Occasion(
            child_refs=_children(session, form, moment),
            information_at=moment_of(form.information_at),
            identified_at=moment_of(form.identified_at),
            about=form.about(),
        )
        if start:
            given_now = Started(reason=form.reason.data)
            meeting = need.start_now(session, staff, occasion, given_now, sender(), moment)
            _ask(session, perhaps, meeting)
            return url_for("discussion.hold", ref=meeting.ref)
        meeting = need.decide_needed(session, staff, occasion, form.reason.data, moment, moment)
        _ask(session, perhaps, meeting)
        return book_at_once(url_for("meetings.overview", ref=meeting.ref))

    return once(form, act)


@blueprint.route("/discussions/already-held", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_START))
def held() -> Response:
    """Write down a discussion of an open case that took place already (C11)."""
    moment = now()
    form = OpenHeldForm(ended_at=moment)
    pressed = request.form.get("do", "")
    added = False
    if request.method == "GET":
        for child_ref in request.args.getlist("child"):
            form.children.append_entry({"ref": child_ref})
    elif pressed == "another":
        form.others.append_entry()
    elif pressed == "keep":
        _fill(form)
        if form.validate() and _whole(form, needs_reason=False):
            location = _keep_held(form, moment)
            if location is not None:
                for warning in warnings_about(form.held(moment).people):
                    flash(warning)
                flash("Kept. Now write down what was decided.", "success")
                return go_to(location)
    else:
        added = _arrange(form)
    if not form.others.entries:
        form.others.append_entry()
    session = reading()
    known = (referrals.child_by_ref(session, row.ref.data) for row in form.rows() if row.ref.data)
    ids = [one.id for one in known if one and not whom_to_ask(one.id)]
    case = case_facts(session, None, ids, form.about())
    form.people.choices = people_to_ring(session, case, moment)
    same = may_be(session, _known(session, form), form)
    lists_cases(Subject("meeting", one.ref) for one in same)
    return _page("meetings/open_case/held.html", form, pressed == "keep", added=added, same=same)


def _keep_held(form: OpenHeldForm, moment: datetime) -> str | None:
    staff, perhaps = signed_in(), _perhaps(form)

    def act(session: Session) -> str:
        given = form.held(moment)
        check_another(session, _known(session, form), given, hidden_cases())
        occasion = Occasion(child_refs=_children(session, form, moment), about=form.about())
        meeting = need.record_held(session, staff, occasion, given, sender(), moment)
        _ask(session, perhaps, meeting)
        return url_for("discussion.hold", ref=meeting.ref)

    return once(form, act)


def _children(session: Session, form: Either, moment: datetime) -> tuple[str, ...]:
    """The references of the children on the list; those who are new are entered."""
    refs = []
    for row in form.rows():
        ref = row.ref.data
        if not ref:
            given = ChildGiven(row.given_name.data, row.family_name.data, row.born_on)
            ref = add_child(session, signed_in().actor, given, moment).ref
        refs.append(ref)
    return tuple(refs)


def _perhaps(form: Either) -> list[str]:
    """The known children, each with a case that is hidden here, whom those entered as new may be:
    the list can't say so, and whoever enters them can't know (A3, H2)."""
    new = [
        Identity(row.given_name.data or "", row.family_name.data or "", row.born_on, None)
        for row in form.rows()
        if not row.ref.data
    ]
    found = {
        one.child.ref
        for matches in (referrals.likely_matches_each(reading(), new) if new else [])
        for one in matches
        if whom_to_ask(one.child.id)
    }
    return sorted(found)


def _ask(session: Session, perhaps: list[str], meeting: Meeting) -> None:
    if perhaps:
        ask_keepers(session, perhaps, meeting.ref, "meeting")


def _whole(form: Either, *, needs_reason: bool) -> bool:
    if not form.rows():
        form.add_error("given_name", "Find and choose at least one child")
    for row in form.rows():
        child = referrals.child_by_ref(reading(), row.ref.data) if row.ref.data else None
        if child is not None and (ask := whom_to_ask(child.id)):
            form.add_error("given_name", f"{child.ref} has a restricted case: {TAKE_OFF} {ask}")
    if needs_reason:
        if not form.concerns.data:
            form.add_error("concerns", "Choose at least one concern")
        if not form.reason.data:
            form.add_error("reason", "Say why a strategy discussion is needed")
    return not form.errors


def _arrange(form: Either) -> bool:
    """Put a found child on the list, or a new one, or take one off; the same with adults. Answers
    whether an adult was added."""
    if form.rearrange_adults(request.form.get("press", "")):
        return request.form.get("press", "").startswith("add")
    if chosen := request.form.get("add"):
        form.put(ref=chosen)
    elif request.form.get("do") == "add-new":
        if not (form.given_name.data or form.family_name.data):
            form.add_error("given_name", "Enter the child's name")
            return False
        form.put(
            given_name=form.given_name.data,
            family_name=form.family_name.data,
            born=form.born.data.isoformat() if form.born.data else "",
        )
    elif dropped := request.form.get("drop"):
        form.take_off(dropped)
    return False


def _page(template: str, form: Either, sent: bool, **context: Any) -> Response:
    _fill(form)
    session = reading()
    searched = request.form.get("do") == "find"
    typed = Identity(form.given_name.data or "", form.family_name.data or "", form.born.data, None)
    matches = referrals.likely_matches(session, typed) if searched else []
    _note_children([one.child.ref for one in matches], form)
    return respond(
        template,
        status=422 if form.errors and sent else 200,
        form=form,
        chosen=[(row, _named(session, row)) for row in form.rows()],
        matches=[(one.child, whom_to_ask(one.child.id)) for one in matches],
        searched=searched and bool(typed.given or typed.family),
        still_booked=_booked(session, form),
        **context,
    )


def _booked(session: Session, form: Either) -> list[Beside]:
    """What is booked about the known children on the list: beginning another cancels nothing."""
    ids = _known(session, form)
    found = masked(booked_about(session, ids), at=None) if ids else []
    lists_cases(Subject("meeting", one.ref) for one in found)
    return found


def _known(session: Session, form: Either) -> list[int]:
    """The known children on the list."""
    known = (referrals.child_by_ref(session, row.ref.data) for row in form.rows() if row.ref.data)
    return [one.id for one in known if one is not None]


def _fill(form: AboutFields) -> None:
    if form.adults.entries:
        form.set_agencies([(str(one.id), one.name) for one in directory.agencies(reading())])


def _named(session: Session, row: ChildRow) -> str:
    if row.ref.data:
        child = referrals.child_by_ref(session, row.ref.data)
        if child is None:
            return "Not found: take it off"
        born = f", born {child.date_of_birth:%-d %B %Y}" if child.date_of_birth else ""
        ask = whom_to_ask(child.id)
        restricted = f" (restricted: {TAKE_OFF} {ask})" if ask else ""
        return f"{child.given_name} {child.family_name}{born}{restricted}"
    born = f", born {row.born_on:%-d %B %Y}" if row.born_on else ""
    return f"{row.given_name.data} {row.family_name.data}{born} (new here)"


def _note_children(found: list[str], form: Either) -> None:
    """Showing a known child's name and birth is a view of that child (H3)."""
    chosen = (row.ref.data.strip().upper() for row in form.rows() if row.ref.data)
    refs = {*found, *(ref for ref in chosen if referrals.child_by_ref(reading(), ref))}
    if refs:
        with transaction() as session:
            for ref in sorted(refs):
                viewed(session, signed_in().actor, "open case", Subject("child", ref), now())


@blueprint.route("/discussions/<ref>/about", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def about(ref: str) -> Response:
    """What the open case is about: asked for afterwards where it had to be left out (C11)."""
    meeting = without_referral(reading(), ref)
    said = open_case_of(reading(), meeting)
    known = about_of(said) if said is not None else About()
    form = AboutForm(data=_typed(known) | {"version": said.version if said is not None else 0})
    if request.method == "GET":
        note_view_of(ref, "what it is about")
        return _about_page(meeting, form)
    if form.rearrange_adults(request.form.get("press", "")):
        return _about_page(meeting, form, added=request.form["press"].startswith("add"))
    _fill(form)
    if not form.validate_on_submit():
        return _about_page(meeting, form, 422)
    try:
        with transaction() as session:
            service.change(session, signed_in(), ref, form.about(), now(), form.version.data)
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _about_page(meeting, form, 422)
    except (ChangedMeanwhile, StaleDataError):
        fresh = open_case_of(reading(), without_referral(reading(), ref))
        form.version.data, form.version.raw_data = fresh.version if fresh else 0, None
        return _about_page(meeting, form, 409)
    flash("Saved. Who is proposed, and how it is held, follows from it.", "success")
    return go_to(url_for("meetings.overview", ref=ref))


def without_referral(session: Session, ref: str) -> Meeting:
    """The discussion of an open case; one of a referral has its concerns there."""
    meeting = meeting_or_404(session, ref)
    return abort(404) if meeting.referral_id is not None else meeting


def _typed(about: About) -> dict[str, object]:
    return {
        "concerns": [one.value for one in about.concerns],
        "flags": [one.value for one in about.flags],
        "domestic_abuse": about.domestic_abuse.value if about.domestic_abuse else "",
        "immediate_action_at": about.immediate_action_at,
        "hospital": about.hospital,
        "adults": [asdict(one) for one in about.adults],
    }


def _about_page(
    meeting: Meeting, form: AboutForm, status: int = 200, *, added: bool = False
) -> Response:
    _fill(form)
    session = reading()
    theirs = open_case_of(session, meeting) if status == 409 else None
    return respond(
        "meetings/open_case/about.html",
        status=status,
        form=form,
        meeting=meeting,
        children=queries.children_of(session, meeting.id),
        theirs=service.in_words(about_of(theirs)) if theirs else [],
        added=added,
    )
