"""Domestic abuse: the cases, one case, and what lets it leave the list (A8; IMAP 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.forms import PressForm
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.referrals import shown as referral_shown
from app.referrals.abuse import begun, guard, queries, rules, service, shown
from app.referrals.abuse.forms import (
    AssessmentForm,
    CaseForm,
    ChangeForm,
    ReleaseForm,
)
from app.referrals.abuse.models import AbuseCase, AbusePerson
from app.referrals.abuse.types import PersonKind, Release
from app.referrals.finding import found as found_referral
from app.referrals.lists import queries as lists
from app.referrals.masking import WORDS, ask_keepers, masked
from app.referrals.types import ChangedMeanwhile
from app.web.access import access
from app.web.forms import choices
from app.web.htmx import go_to, respond
from app.web.numbers import whole
from app.web.once import done_before, mark_done

blueprint = Blueprint("abuse", __name__)
ADD_CHILD = "add child"
ONLY_DECIDERS = "Ask who decides on referrals to record a concern: consent you may record yourself"


@blueprint.get("/domestic-abuse/")
@access(staff_may(Permission.LIST_WORK))
def cases() -> Response:
    moment, closed = now(), request.args.get("show") == "closed"
    older = ""
    if closed:
        page = queries.closed_cases(reading(), _key(request.args.get("after", "")))
        rows = page.rows
        if page.more:
            after = f"{rows[-1].received_at.isoformat()},{rows[-1].id}"
            older = url_for("abuse.cases", show="closed", after=after)
    else:
        rows = queries.open_cases(reading())
    return respond(
        "abuse/cases.html",
        rows=masked(
            (shown.case_row(row, moment) for row in rows),
            people=(WORDS,),
            risk="",
            deadline=None,
            marked=False,
            outcome="",
        ),
        closed=closed,
        older=older,
        first=url_for("abuse.cases", show="closed") if request.args.get("after") else "",
    )


def _key(typed: str) -> tuple[datetime, int] | None:
    """The last row of the page before, out of the address; a broken one is the first page."""
    at, _, row = typed.rpartition(",")
    try:
        moment = datetime.fromisoformat(at.replace(" ", "+"))
        return (moment, whole(row)) if moment.tzinfo is not None else None
    except ValueError:
        return None


@blueprint.route("/domestic-abuse/new", methods=["GET", "POST"])
@access(staff_may(Permission.LIST_WORK))
def enter() -> Response:
    form = CaseForm(data={"received_at": now()}) if request.method == "GET" else CaseForm()
    _set_agencies(form)
    if request.method == "GET":
        return respond("abuse/enter.html", form=form, added=False)
    if request.form.get("press") == ADD_CHILD:
        form.children.append_entry()
        return respond("abuse/enter.html", form=form, added=True)
    if not form.validate():
        return respond("abuse/enter.html", status=422, form=form, added=False)
    try:
        with transaction() as session:
            location = done_before(session, form.nonce.data)
            if location is None:
                case = service.enter_case(session, signed_in().actor, form.given(), now())
                location = url_for("abuse.case", ref=case.ref)
                mark_done(session, form.nonce.data, location, now())
                flash(f"Case {case.ref} is saved.", "success")
    except Refused as refusal:
        form.refuse(refusal)
        return respond("abuse/enter.html", status=422, form=form, added=False)
    return go_to(location)


def _set_agencies(form: CaseForm | ChangeForm) -> None:
    agencies = [(str(agency.id), agency.name) for agency in directory.agencies(reading())]
    form.source_agency_id.choices = choices(agencies, "Choose an agency")


def found(session: Session, ref: str) -> AbuseCase:
    """The case of this reference, else 404."""
    return queries.by_ref(session, ref) or abort(404)


@blueprint.get("/domestic-abuse/<ref>")
@access(staff_may(Permission.LIST_WORK))
def case(ref: str) -> Response:
    moment = now()
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, "abuse case", Subject("abuse case", held.ref), moment)
    session, today = reading(), london_date(moment)
    held = found(session, ref)
    context = queries.context_of(session, held.id)
    under_way = lists.open_of_case(session, held.id)
    return respond(
        "abuse/case.html",
        case=held,
        context=context,
        colour=shown.RISK_COLOURS[held.risk],
        panel=shown.clock_panel(held, moment),
        people=shown.people_rows(held.people, today),
        names=_names(session, held),
        sharing=shown.sharing(held, queries.referral_of(session, held)),
        marked=held.referral_id is None,
        began_as_referral=begun.began_as_referral(held),
        day_in_words=referral_shown.day_in_words,
        discussed=lists.discussed(session, held.id),
        earlier=shown.earlier_rows(queries.earlier_clocks(session, held.id)),
        under_way=under_way,
        events=[referral_shown.event(entry) for entry in history(session, "abuse case", held.ref)],
    )


def _names(session: Session, held: AbuseCase) -> str:
    named = queries.names(session, [held.id], [held.referral_id])
    who = named.of_case.get(held.id) or named.of_referral.get(held.referral_id) or ()
    return ", ".join(who) or "No name known"


@blueprint.route("/domestic-abuse/<ref>/change", methods=["GET", "POST"])
@access(staff_may(Permission.LIST_WORK))
def change(ref: str) -> Response:
    held = found(reading(), ref)
    form = ChangeForm(data=_typed(held))
    _set_agencies(form)
    if request.form.get("press") == ADD_CHILD:
        form.children.append_entry()
        return _form_page(held, "change", form, added=True)

    def save(session: Session) -> None:
        service.change_case(
            session, signed_in().actor, found(session, ref), form.given(), now(), form.version.data
        )

    then = url_for("abuse.release", ref=ref) if request.args.get("then") == "release" else ""
    return _answer(
        held, "change", form, save, "What was reported is corrected.", then=then, added=False
    )


def _typed(held: AbuseCase) -> dict[str, object]:
    """The form of a case, filled with what is known."""
    names = ("version", "source_agency_id", "received_at", "account")
    values: dict[str, object] = {name: getattr(held, name) for name in names}
    children = [_person(one) for one in held.people if one.kind is PersonKind.CHILD]
    return values | {
        "risk": held.risk.value,
        "incident": held.incident or "",
        "address": held.address or "",
        "harmed": _first(held, PersonKind.HARMED),
        "perpetrator": _first(held, PersonKind.PERPETRATOR),
        "children": children or [{}, {}],
    }


def _first(held: AbuseCase, kind: PersonKind) -> dict[str, object]:
    return next((_person(one) for one in held.people if one.kind is kind), {})


def _person(one: AbusePerson) -> dict[str, object]:
    return {
        "given_name": one.given_name,
        "family_name": one.family_name,
        "date_of_birth": one.date_of_birth,
        "due_date": one.due_date,
    }


@blueprint.route("/domestic-abuse/<ref>/assessment", methods=["GET", "POST"])
@access(staff_may(Permission.LIST_WORK))
def assessment(ref: str) -> Response:
    held = found(reading(), ref)
    form = AssessmentForm(
        data={
            "version": held.version,
            "risk": held.risk.value,
            "risk_reason": held.risk_reason or "",
            "dash_score": held.dash_score,
            "dash_by": held.dash_by or "",
            "idva": held.idva.value if held.idva else "",
            "idva_note": held.idva_note or "",
            "marac_on": held.marac_on,
            "marac_note": held.marac_note or "",
        }
    )

    def save(session: Session) -> None:
        service.assess(
            session, signed_in().actor, found(session, ref), form.given(), now(), form.version.data
        )

    return _answer(held, "assessment", form, save, "The assessment is saved.")


@blueprint.route("/domestic-abuse/<ref>/release", methods=["GET", "POST"])
@access(staff_may(Permission.LIST_WORK))
def release(ref: str) -> Response:
    held = found(reading(), ref)
    form = ReleaseForm(data={"version": held.version})
    shown_children: list[str] = []
    if request.method == "POST":
        shown_children = guard.seen(reading(), held, form, london_date(now()))
        note_views(shown_children)
        given = form.release_given()
        if given is not None and held.referral_id is None and form.validate():
            if guard.unanswered(form):
                return _form_page(held, "release", form, 422, asked=True)
            if given.kind is Release.CONCERN and not may(Permission.REFERRAL_DECIDE):
                form.add_error("release", ONLY_DECIDERS)
                return _form_page(held, "release", form, 422, asked=bool(shown_children))

    def save(session: Session) -> str:
        given = form.release_given()
        if given is None:
            raise Refused("release", "Choose consent or a safeguarding concern")
        made = service.release(
            session, signed_in().actor, found(session, ref), given, now(), version=form.version.data
        )
        if made is None:
            return "Consent is recorded. No child is named, so no referral is made."
        ask_keepers(session, form.perhaps(), made.ref)
        return f"It is recorded, and it is referral {made.ref} from now on."

    return _answer(held, "release", form, save, "", asked=bool(shown_children))


def note_views(refs: list[str]) -> None:
    """Showing a known child beside one of a case is a view of that child (H3)."""
    if refs:
        with transaction() as session:
            for ref in sorted(set(refs)):
                viewed(session, signed_in().actor, "likely match", Subject("child", ref), now())


@blueprint.post("/referrals/<ref>/domestic-abuse")
@access(staff_may(Permission.LIST_WORK))
def of_referral(ref: str) -> Response:
    """The domestic abuse page of a referral, begun at the first press."""
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            referral = found_referral(session, ref)
            held = begun.case_of_referral(session, signed_in().actor, referral, now())
            location = url_for("abuse.case", ref=held.ref)
    except Refused as refusal:
        flash(refusal.message)
        location = url_for("referrals.referral", ref=ref)
    return go_to(location)


def _answer(
    held: AbuseCase,
    page: str,
    form: Any,
    save: Callable[[Session], str | None],
    done: str,
    *,
    then: str = "",
    **context: Any,
) -> Response:
    """GET shows the form, POST saves; who wrote second sees what stands there by now (409). `save`
    says what became of it where `done` does not; `then` is the page that comes next."""
    if request.method == "GET":
        with transaction() as session:
            subject = Subject("abuse case", held.ref)
            viewed(session, signed_in().actor, f"abuse case, {page}", subject, now())
        return _form_page(held, page, form, **context)
    if not form.validate_on_submit():
        return _form_page(held, page, form, 422, **context)
    try:
        with transaction() as session:
            done = save(session) or done
    except Refused as refusal:
        getattr(form, "refuse", lambda one: form.add_error(one.field, one.message))(refusal)
        return _form_page(held, page, form, 422, **context)
    except (ChangedMeanwhile, StaleDataError):
        # The next sending is on top of what is there now: both have been read.
        form.version.data, form.version.raw_data = found(reading(), held.ref).version, None
        return _form_page(held, page, form, 409, conflict=True, **context)
    flash(done, "success")
    return go_to(then or url_for("abuse.case", ref=held.ref))


def _form_page(
    held: AbuseCase, page: str, form: Any, status: int = 200, conflict: bool = False, **context: Any
) -> Response:
    session = reading()
    now_held = found(session, held.ref)
    return respond(
        f"abuse/{page}.html",
        status=status,
        form=form,
        case=now_held,
        names=_names(session, now_held),
        childless=not queries.has_child(now_held),
        conflict=conflict,
        theirs=_held_words(now_held, page) if conflict else [],
        events=[
            referral_shown.event(entry)
            for entry in history(session, "abuse case", held.ref, most=1)
        ],
        dash_questions=rules.DASH_QUESTIONS,
        **context,
    )


def _held_words(held: AbuseCase, page: str) -> list[str]:
    """What stands there by now, beside what somebody was about to save."""
    if page == "change":
        return [held.risk.label, held.account]
    if page == "release":
        stands = shown.sharing(held, queries.referral_of(reading(), held))
        return [f"{stands.title} {stands.words}", held.release_reason or ""]
    marac = referral_shown.day_in_words(held.marac_on) if held.marac_on else "no date"
    return [
        f"{held.risk.label}. {held.risk_reason or ''}",
        f"DASH {'not known' if held.dash_score is None else held.dash_score}",
        f"IDVA: {held.idva.label if held.idva else 'not offered yet'}. {held.idva_note or ''}",
        f"MARAC: {marac}. {held.marac_note or ''}",
    ]
