"""The directory: agencies, people, conference lines, the council's settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, abort, current_app, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import london_date, now, words_for_day
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries, rules, service
from app.directory.forms import (
    AgencyForm,
    CouncilForm,
    LineForm,
    NewLineForm,
    PinsForm,
    ProfessionalForm,
)
from app.directory.models import Agency, ConferenceLine, CouncilSettings, Professional
from app.directory.types import CouncilNotSetUp
from app.web.access import access
from app.web.forms import BaseForm, OnceForm, choices
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("directory", __name__)
EDIT = staff_may(Permission.DIRECTORY_EDIT)


@blueprint.app_errorhandler(CouncilNotSetUp)
def not_set_up(error: CouncilNotSetUp) -> Response:
    """Pages that need the council's settings say so before they were first saved."""
    return respond(
        "layout/error.html", status=503, title="The council's settings are empty", words=str(error)
    )


@blueprint.get("/directory")
@access(EDIT)
def people() -> Response:
    words = " ".join(request.args.get("q", "")[:200].split())
    session, moment = reading(), now()
    found = queries.search_people(session, words, 200) if words else queries.active_people(session)
    away = {
        person.id: f"Away until {words_for_day(person.away_until)}"
        for person in found
        if person.away_until and rules.is_away(person.away_until, moment)
    }
    return respond(
        "directory/people.html",
        "directory/_people.html",
        people=found,
        away=away,
        words=words,
        agencies=queries.agencies(session),
    )


def _save(form: OnceForm, change: Callable[[Session], str], done: str) -> Response | None:
    """Change something once and go to where it led; None where it was refused by a field."""
    try:
        with transaction() as session:
            location = done_before(session, form.nonce.data)
            if location is None:
                location = change(session)
                mark_done(session, form.nonce.data, location, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return None
    flash(done, "success")
    return go_to(location)


def _form_page(
    form: BaseForm, title: str, end_url: str = "", end_words: str = "", end_hint: str = ""
) -> Response:
    return respond(
        "directory/form.html",
        status=422 if form.errors else 200,
        form=form,
        title=title,
        end_url=end_url,
        end_words=end_words,
        end_hint=end_hint,
    )


@blueprint.route("/directory/agencies/new", methods=["GET", "POST"])
@access(EDIT)
def agency_add() -> Response:
    form = AgencyForm()

    def change(session: Session) -> str:
        service.add_agency(session, signed_in().actor, form.given(), now())
        return url_for("directory.people")

    if form.validate_on_submit() and (saved := _save(form, change, "The agency is added.")):
        return saved
    return _form_page(form, "Add an agency")


@blueprint.route("/directory/agencies/<int:agency_id>", methods=["GET", "POST"])
@access(EDIT)
def agency(agency_id: int) -> Response:
    held = _agency(reading(), agency_id)
    form = AgencyForm(data={"name": held.name, "kind": held.kind.value})

    def change(session: Session) -> str:
        found = _agency(session, agency_id)
        service.edit_agency(session, signed_in().actor, found, form.given(), now())
        return url_for("directory.people")

    if form.validate_on_submit() and (saved := _save(form, change, "The agency is changed.")):
        return saved
    return _form_page(
        form,
        held.name,
        end_url=url_for("directory.agency_end", agency_id=agency_id),
        end_words="End this agency",
        end_hint="Nobody in it can be invited any more. What they took part in keeps their names.",
    )


@blueprint.post("/directory/agencies/<int:agency_id>/end")
@access(EDIT)
def agency_end(agency_id: int) -> Response:
    with transaction() as session:
        service.end_agency(session, signed_in().actor, _agency(session, agency_id), now())
    flash("The agency has ended.", "success")
    return go_to(url_for("directory.people"))


@blueprint.route("/directory/people/new", methods=["GET", "POST"])
@access(EDIT)
def person_add() -> Response:
    form = ProfessionalForm(data={"agency_id": request.args.get("agency", "")})
    _agency_choices(form)

    def change(session: Session) -> str:
        service.add_professional(session, signed_in().actor, form.given(), now())
        return url_for("directory.people")

    if form.validate_on_submit() and (saved := _save(form, change, "The person is added.")):
        return saved
    return _form_page(form, "Add a person or a team")


@blueprint.route("/directory/people/<int:person_id>", methods=["GET", "POST"])
@access(EDIT)
def person(person_id: int) -> Response:
    held = _person(reading(), person_id)
    form = ProfessionalForm(
        data={
            "agency_id": str(held.agency_id),
            "name": held.name,
            "role": held.role.value,
            "title": held.title,
            "email": held.email,
            "telephone": held.telephone,
            "is_team": held.is_team,
            "decision_maker": held.decision_maker,
            "away_until": london_date(held.away_until) if held.away_until else None,
        }
    )
    _agency_choices(form)

    def change(session: Session) -> str:
        found = _person(session, person_id)
        service.edit_professional(session, signed_in().actor, found, form.given(), now())
        return url_for("directory.people")

    if form.validate_on_submit() and (saved := _save(form, change, "The person is changed.")):
        return saved
    ended = held.ended_at is not None
    return _form_page(
        form,
        held.name,
        end_url=url_for(
            "directory.person_restore" if ended else "directory.person_end", person_id=person_id
        ),
        end_words="Put back into the directory" if ended else "End this person",
        end_hint=""
        if ended
        else "They can no longer be invited. What they took part in keeps their name.",
    )


@blueprint.post("/directory/people/<int:person_id>/end")
@access(EDIT)
def person_end(person_id: int) -> Response:
    with transaction() as session:
        service.end_professional(session, signed_in().actor, _person(session, person_id), now())
    flash("The person can no longer be invited.", "success")
    return go_to(url_for("directory.people"))


@blueprint.post("/directory/people/<int:person_id>/restore")
@access(EDIT)
def person_restore(person_id: int) -> Response:
    with transaction() as session:
        service.restore_professional(session, signed_in().actor, _person(session, person_id), now())
    flash("The person is back in the directory.", "success")
    return go_to(url_for("directory.people"))


@blueprint.route("/council", methods=["GET", "POST"])
@access(EDIT)
def council() -> Response:
    settings = queries.council_or_none(reading())
    form = CouncilForm(data=_held(settings) if settings else {"office_opens": "09:00"})
    form.protocol_id.choices = current_app.extensions["protocol_names"]
    status, theirs = 200, None
    if form.validate_on_submit():

        def change(session: Session) -> str:
            service.save_council(session, signed_in().actor, form.given(), form.version.data, now())
            return url_for("directory.council")

        try:
            if saved := _save(form, change, "The council's settings are saved."):
                return saved
        except (service.ChangedMeanwhile, StaleDataError):
            latest = queries.council(reading())
            held = _held(latest)
            form.version.data, form.version.raw_data = latest.version, None
            theirs = [
                (form[name].label.text, held[name], form[name].data)
                for name in held
                if name != "version" and str(held[name]) != str(form[name].data)
            ]
            status = 409
    return respond(
        "directory/council.html",
        status=422 if form.errors else status,
        form=form,
        theirs=theirs,
        lines=queries.lines(reading()),
    )


def _held(settings: CouncilSettings) -> dict[str, object]:
    days = (date.fromisoformat(day) for day in settings.closure_days)
    return {
        "version": settings.version,
        "authority": settings.authority,
        "protocol_id": settings.protocol_id,
        "desk_name": settings.desk_name,
        "desk_telephone": settings.desk_telephone,
        "desk_email": settings.desk_email,
        "out_of_hours_telephone": settings.out_of_hours_telephone,
        "office_opens": settings.office_opens,
        "office_closes": settings.office_closes,
        "secure_domains": "\n".join(settings.secure_domains),
        "closure_days": "\n".join(f"{day:%d/%m/%Y}" for day in days),
        "meeting_place": settings.meeting_place,
    }


@blueprint.route("/council/lines/new", methods=["GET", "POST"])
@access(EDIT)
def line_add() -> Response:
    form = NewLineForm()

    def change(session: Session) -> str:
        line = service.add_line(
            session, signed_in().actor, form.name.data, form.telephone.data, form.pins.data, now()
        )
        return url_for("directory.line", line_id=line.id)

    if form.validate_on_submit() and (saved := _save(form, change, "The line is added.")):
        return saved
    return _form_page(form, "Add a conference line")


@blueprint.route("/council/lines/<int:line_id>", methods=["GET", "POST"])
@access(EDIT)
def line(line_id: int) -> Response:
    held = _line(reading(), line_id)
    form = LineForm(data={"name": held.name, "telephone": held.telephone})

    def change(session: Session) -> str:
        service.edit_line(
            session, signed_in().actor, _line(session, line_id), form.name.data,
            form.telephone.data, now(),
        )  # fmt: skip
        return url_for("directory.line", line_id=line_id)

    if form.validate_on_submit() and (saved := _save(form, change, "The line is changed.")):
        return saved
    pins = queries.pins(reading(), line_id)
    return respond(
        "directory/line.html",
        status=422 if form.errors else 200,
        form=form,
        line=held,
        unused=[rules.masked(pin.pin) for pin in pins if pin.used_at is None],
        used=sum(pin.used_at is not None for pin in pins),
    )


@blueprint.route("/council/lines/<int:line_id>/pins", methods=["GET", "POST"])
@access(EDIT)
def pins_add(line_id: int) -> Response:
    held = _line(reading(), line_id)
    form = PinsForm()

    def change(session: Session) -> str:
        service.add_pins(session, signed_in().actor, _line(session, line_id), form.pins.data, now())
        return url_for("directory.line", line_id=line_id)

    if form.validate_on_submit() and (saved := _save(form, change, "The PINs are added.")):
        return saved
    return _form_page(form, f"Add PINs to {held.name}")


@blueprint.post("/council/lines/<int:line_id>/end")
@access(EDIT)
def line_end(line_id: int) -> Response:
    with transaction() as session:
        service.end_line(session, signed_in().actor, _line(session, line_id), now())
    flash("The line can no longer be booked.", "success")
    return go_to(url_for("directory.council"))


def _agency_choices(form: ProfessionalForm) -> None:
    form.agency_id.choices = choices(
        [(str(agency.id), agency.name) for agency in queries.agencies(reading())], "Choose"
    )


def _agency(session: Session, agency_id: int) -> Agency:
    return queries.agency(session, agency_id) or abort(404)


def _person(session: Session, person_id: int) -> Professional:
    return queries.professional(session, person_id) or abort(404)


def _line(session: Session, line_id: int) -> ConferenceLine:
    return queries.line(session, line_id) or abort(404)
