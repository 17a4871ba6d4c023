"""Lists: open one, go from case to case, end it (C10; IMAP 5)."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.case_views import also_shows
from app.accounts.forms import PressForm
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.types import Series
from app.referrals.abuse import guard
from app.referrals.abuse import queries as abuse
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.routes import ONLY_DECIDERS, note_views
from app.referrals.abuse.routes import found as found_case
from app.referrals.abuse.types import Release
from app.referrals.finding import found as found_referral
from app.referrals.lists import page, queries, rules, service, waiting_queries
from app.referrals.lists.forms import EndForm, SaidForm
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.masking import WORDS, ask_keepers, masked
from app.referrals.models import Referral
from app.referrals.types import ChangedMeanwhile
from app.web.access import access
from app.web.forms import choices
from app.web.htmx import go_to, respond
from app.web.numbers import whole

blueprint = Blueprint("lists", __name__)


@blueprint.get("/lists/")
@access(staff_may(Permission.LIST_WORK))
def overview() -> Response:
    session, today = reading(), london_date(now())
    protocol = active(directory.council(session).protocol_id)
    key = _key(request.args.get("after", ""))
    earlier = queries.sittings(session, key)
    older = ""
    if earlier.more:
        last = earlier.rows[-1]
        older = url_for("lists.overview", after=f"{last.day.isoformat()},{last.id}")
    return respond(
        "lists/overview.html",
        protocol=protocol,
        series=[page.series_shown(session, one, today) for one in protocol.series],
        rows=[page.sitting_row(row, today) for row in earlier.rows],
        older=older,
        first=url_for("lists.overview") if key else "",
    )


def _key(typed: str) -> tuple[date, int] | None:
    """The last row of the page before, out of the address; a broken one is the first page."""
    day, _, row = typed.rpartition(",")
    try:
        return date.fromisoformat(day), whole(row)
    except ValueError:
        return None


def _series(session: Session, series_id: str) -> Series:
    protocol = active(directory.council(session).protocol_id)
    return next((one for one in protocol.series if one.id == series_id), None) or abort(404)


@blueprint.post("/lists/open/<series_id>")
@access(staff_may(Permission.LIST_WORK))
def open_list(series_id: str) -> Response:
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            series = _series(session, series_id)
            sitting = service.open_list(session, signed_in().actor, series, now())
            location = url_for("lists.sitting", ref=sitting.ref)
    except Refused as refusal:
        flash(refusal.message)
        location = url_for("lists.overview")
    return go_to(location)


@blueprint.post("/domestic-abuse/<ref>/discussion")
@access(staff_may(Permission.LIST_WORK))
def discuss(ref: str) -> Response:
    """One case by itself, at once: a high risk waits for no list (DERBY 4.11)."""
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            case = found_case(session, ref)
            held = service.open_discussion(session, signed_in().actor, case, now())
            location = url_for("lists.sitting", ref=held.ref)
            for one in queries.on_list(session, held.id):
                if one.case_id == case.id:
                    location = url_for("lists.entry", ref=held.ref, number=one.number)
    except Refused as refusal:
        flash(refusal.message)
        location = url_for("abuse.case", ref=ref)
    return go_to(location)


@blueprint.post("/referrals/<ref>/meeting")
@access(staff_may(Permission.LIST_WORK))
def meet(ref: str) -> Response:
    """The meeting of the agencies on one referral by itself (HO2014 Sandwell)."""
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            held = found_referral(session, ref)
            sitting = service.open_meeting(session, signed_in().actor, held, now())
            location = url_for("lists.sitting", ref=sitting.ref)
            for one in queries.on_list(session, sitting.id):
                if one.referral_id == held.id:
                    location = url_for("lists.entry", ref=sitting.ref, number=one.number)
    except Refused as refusal:
        flash(refusal.message, "problem")
        location = url_for("referrals.referral", ref=ref)
    return go_to(location)


def _found(session: Session, ref: str) -> ListSitting:
    return queries.by_ref(session, ref) or abort(404)


@blueprint.route("/lists/<ref>", methods=["GET", "POST"])
@access(staff_may(Permission.LIST_WORK))
def sitting(ref: str) -> Response:
    """The whole list; ending it says who took part."""
    held = _found(reading(), ref)
    form = EndForm(
        data={
            "version": held.version,
            "took_part": held.took_part or queries.last_took_part(reading(), held.series_id),
        }
    )
    if request.method == "GET":
        with transaction() as session:
            viewed(session, signed_in().actor, "list", Subject("list", held.ref), now())
        return _list_page(ref, form)
    if not form.validate_on_submit():
        return _list_page(ref, form, 422)
    try:
        with transaction() as session:
            service.end_list(
                session, signed_in().actor, _found(session, ref), form.took_part.data, now(),
                form.version.data,
            )  # fmt: skip
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _list_page(ref, form, 422)
    except (ChangedMeanwhile, StaleDataError):
        form.version.data, form.version.raw_data = _found(reading(), ref).version, None
        return _list_page(ref, form, 409)
    flash("The list has ended.", "success")
    return go_to(url_for("lists.sitting", ref=held.ref))


def _list_page(ref: str, form: EndForm, status: int = 200) -> Response:
    session = reading()
    held = _found(session, ref)
    rows = page.entry_rows(session, held, now())
    still_open = [row.number for row in rows if not row.outcome]
    return respond(
        "lists/list.html",
        status=status,
        form=form,
        sitting=held,
        day=page.day_words(held.day),
        rows=masked(
            rows, people=(WORDS,), grade="", due=None, carried=False, marked=False, outcome=""
        ),
        still_open=len(still_open),
        start=still_open[0] if still_open else None,
        new=_waiting(session, held),
        left=page.left_shown(session, held.series_id, held.day) if not held.ended_at else (),
        conflict=status == 409,
    )


def _waiting(session: Session, held: ListSitting) -> int:
    """How many cases came in since the list was opened."""
    if held.ended_at is not None or held.series_id is None:
        return 0
    protocol = active(directory.council(session).protocol_id)
    series = next((one for one in protocol.series if one.id == held.series_id), None)
    return len(waiting_queries.waiting(session, series)) if series else 0


@blueprint.route("/lists/<ref>/<int:number>", methods=["GET", "POST"])
@access(staff_may(Permission.LIST_WORK))
def entry(ref: str, number: int) -> Response:
    """One case of a list: what was shared, one outcome, on to the next."""
    session = reading()
    held = _found(session, ref)
    on_it = queries.entry(session, held.id, number) or abort(404)
    case = session.get_one(AbuseCase, on_it.case_id) if on_it.case_id else None
    # Everything about one case stands here: it is a view of that case too (H3).
    also_shows(_subject_of(session, on_it))
    form = SaidForm(
        data={
            "version": on_it.version,
            "information": on_it.information or "",
            "outcome": on_it.outcome.value if on_it.outcome else "",
            "reason": on_it.reason or "",
            "agency_id": on_it.agency_id,
        }
    )
    agencies = [(str(agency.id), agency.name) for agency in directory.agencies(session)]
    form.agency_id.choices = choices(agencies, "Only to share with or signpost to an agency")
    if request.method == "GET":
        with transaction() as change:
            actor, moment = signed_in().actor, now()
            viewed(change, actor, "list, one case", Subject("list", held.ref), moment)
            viewed(change, actor, "on a list", _subject_of(session, on_it), moment)
        return _entry_page(held, on_it, form)
    valid = form.validate_on_submit()
    asked = _asked(session, case, form)  # after the shape: its messages would be wiped away
    if not valid or asked:
        return _entry_page(held, on_it, form, 422, asked=asked)
    if problem := _not_for_me(case, form):
        form.add_error("release", problem)
        return _entry_page(held, on_it, form, 422)
    for_list_alone = case if case is not None and case.referral_id is None else None
    try:
        with transaction() as change:
            current = _found(change, ref)
            service.keep_said(
                change, signed_in().actor, current,
                queries.entry(change, current.id, number) or abort(404), form.said(), now(),
                form.version.data,
            )  # fmt: skip
            if for_list_alone and (made := abuse.referral_of(change, for_list_alone)) is not None:
                ask_keepers(change, form.perhaps(), made.ref)
            going_on = rules.next_open(
                queries.numbers_without_outcome(queries.on_list(change, current.id)), number
            )
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _entry_page(held, on_it, form, 422)
    except (ChangedMeanwhile, StaleDataError):
        fresh = queries.entry(reading(), held.id, number) or abort(404)
        form.version.data, form.version.raw_data = fresh.version, None
        return _entry_page(held, fresh, form, 409)
    if going_on is None:
        flash("Every case has its outcome.", "success")
        return go_to(url_for("lists.sitting", ref=held.ref))
    flash(f"Case {number} is saved.", "success")
    return go_to(url_for("lists.entry", ref=held.ref, number=going_on))


def _subject_of(session: Session, on_it: ListEntry) -> Subject:
    if on_it.case_id is not None:
        return Subject("abuse case", session.get_one(AbuseCase, on_it.case_id).ref)
    return Subject("referral", session.get_one(Referral, on_it.referral_id).ref)


def _asked(session: Session, case: AbuseCase | None, form: SaidForm) -> bool:
    """Whether a child has to be told apart from known ones before a referral is made of it (A3)."""
    if case is None or abuse.may_leave(case) or form.release_given() is None:
        return False
    note_views(guard.seen(session, case, form, london_date(now())))
    return guard.unanswered(form)


def _not_for_me(case: AbuseCase | None, form: SaidForm) -> str:
    """IMAP 2: whether consent is overridden is for who decides on referrals."""
    given = form.release_given()
    if case is None or given is None or given.kind is not Release.CONCERN:
        return ""
    return "" if may(Permission.REFERRAL_DECIDE) else ONLY_DECIDERS


def _entry_page(
    held: ListSitting, on_it: ListEntry, form: SaidForm, status: int = 200, asked: bool = False
) -> Response:
    session = reading()
    entries = queries.on_list(session, held.id)
    numbers = [one.number for one in entries]
    place = numbers.index(on_it.number)
    shown = page.entry_shown(session, on_it, now())
    return respond(
        "lists/entry.html",
        status=status,
        form=form,
        sitting=held,
        ended=held.ended_at is not None,
        number=on_it.number,
        count=len(numbers),
        more=rules.next_open(queries.numbers_without_outcome(entries), on_it.number) is not None,
        decided=sum(1 for one in entries if one.outcome is not None),
        previous=numbers[place - 1] if place else None,
        following=numbers[place + 1] if place + 1 < len(numbers) else None,
        shown=shown,
        asked=asked,
        theirs=page.theirs(session, on_it) if status == 409 else None,
        hint=page.OUTCOME_HINT if shown.marked else "",
    )
