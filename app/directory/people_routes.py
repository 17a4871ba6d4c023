"""Agencies and people: found, added, changed, ended."""

from __future__ import annotations

from flask import Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in
from app.core.clock import london_date, now, words_for_day
from app.core.session import reading, transaction
from app.directory import queries, rules, service
from app.directory.base_routes import CHANGED, EDIT, blueprint, differences, form_page, save
from app.directory.forms import AgencyForm, ProfessionalForm
from app.directory.models import Agency, Professional
from app.web.access import access
from app.web.forms import choices
from app.web.htmx import go_to, respond

MOST = 200


@blueprint.get("/directory")
@access(EDIT)
def people() -> Response:
    words = " ".join(request.args.get("q", "")[:200].split())
    session, moment = reading(), now()
    ended = request.args.get("ended") == "1"
    if ended:
        found = queries.ended_people(session, words)
    else:
        found = queries.search_people(session, words, MOST)
    away = {
        person.id: f"Away until {words_for_day(person.away_until)}"
        for person in found
        if person.away_until and rules.is_away(person.away_until, moment)
    }
    hours = {
        person.id: words
        for person in found
        if (
            words := rules.working_hours_in_words(
                person.works_days, person.works_from, person.works_to
            )
        )
    }
    return respond(
        "directory/people.html",
        "directory/_people.html",
        people=found,
        away=away,
        hours=hours,
        words=words,
        ended=ended,
        cut=len(found) == MOST,
        most=MOST,
        agencies=queries.agencies(session),
        ended_agencies=queries.ended_agencies(session),
    )


@blueprint.route("/directory/agencies/new", methods=["GET", "POST"])
@access(EDIT)
def agency_add() -> Response:
    form = AgencyForm()

    def change(session: Session) -> str:
        service.add_agency(session, signed_in().actor, form.given(), now())
        return url_for("directory.people")

    if form.validate_on_submit() and (saved := save(form, change, "The agency is added.")):
        return saved
    return form_page(form, "Add an agency")


@blueprint.route("/directory/agencies/<int:agency_id>", methods=["GET", "POST"])
@access(EDIT)
def agency(agency_id: int) -> Response:
    held = _agency(reading(), agency_id)
    form, theirs = AgencyForm(data=_held_agency(held)), None

    def change(session: Session) -> str:
        found = _agency(session, agency_id)
        service.edit_agency(
            session, signed_in().actor, found, form.given(), form.version.data, now()
        )
        return url_for("directory.people")

    if form.validate_on_submit():
        try:
            if saved := save(form, change, "The agency is changed."):
                return saved
        except CHANGED:
            held = _agency(reading(), agency_id)
            theirs = differences(form, _held_agency(held), held.version)
    ended = held.ended_at is not None
    return form_page(
        form,
        held.name,
        end_url=url_for(
            "directory.agency_restore" if ended else "directory.agency_end", agency_id=agency_id
        ),
        end_words="Put back into the directory" if ended else "End this agency",
        end_hint=""
        if ended
        else "Nobody in it can be invited any more. What they took part in keeps their names.",
        theirs=theirs,
    )


@blueprint.post("/directory/agencies/<int:agency_id>/end")
@access(EDIT)
def agency_end(agency_id: int) -> Response:
    with transaction() as session:
        service.end_agency(session, signed_in().actor, _agency(session, agency_id), now())
    flash("The agency has ended.", "success")
    return go_to(url_for("directory.people"))


@blueprint.post("/directory/agencies/<int:agency_id>/restore")
@access(EDIT)
def agency_restore(agency_id: int) -> Response:
    with transaction() as session:
        service.restore_agency(session, signed_in().actor, _agency(session, agency_id), now())
    flash("The agency is back in the directory.", "success")
    return go_to(url_for("directory.people"))


@blueprint.route("/directory/people/new", methods=["GET", "POST"])
@access(EDIT)
def person_add() -> Response:
    form = ProfessionalForm(data={"agency_id": request.args.get("agency", "")})
    _agency_choices(form)

    def change(session: Session) -> str:
        service.add_professional(session, signed_in().actor, form.given(), now())
        return url_for("directory.people")

    if form.validate_on_submit() and (saved := save(form, change, "The person is added.")):
        return saved
    return form_page(form, "Add a person or a team")


@blueprint.route("/directory/people/<int:person_id>", methods=["GET", "POST"])
@access(EDIT)
def person(person_id: int) -> Response:
    held = _person(reading(), person_id)
    form, theirs = ProfessionalForm(data=_held_person(held)), None
    _agency_choices(form)

    def change(session: Session) -> str:
        found = _person(session, person_id)
        service.edit_professional(
            session, signed_in().actor, found, form.given(), form.version.data, now()
        )
        return url_for("directory.people")

    if form.validate_on_submit():
        try:
            if saved := save(form, change, "The person is changed."):
                return saved
        except CHANGED:
            held = _person(reading(), person_id)
            theirs = differences(form, _held_person(held), held.version)
    ended = held.ended_at is not None
    return form_page(
        form,
        held.name,
        end_url=url_for(
            "directory.person_restore" if ended else "directory.person_end", person_id=person_id
        ),
        end_words="Put back into the directory" if ended else "End this person",
        end_hint=""
        if ended
        else "They can no longer be invited. What they took part in keeps their name.",
        theirs=theirs,
        children_url=url_for("involvement.children", person_id=person_id),
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


def _held_agency(agency: Agency) -> dict[str, object]:
    return {"version": agency.version, "name": agency.name, "kind": agency.kind.value}


def _held_person(person: Professional) -> dict[str, object]:
    return {
        "version": person.version,
        "agency_id": str(person.agency_id),
        "name": person.name,
        "role": person.role.value,
        "title": person.title,
        "email": person.email,
        "telephone": person.telephone,
        "is_team": person.is_team,
        "decision_maker": person.decision_maker,
        "works_days": list(person.works_days),
        "works_from": person.works_from,
        "works_to": person.works_to,
        "away_until": london_date(person.away_until) if person.away_until else None,
    }


def _agency_choices(form: ProfessionalForm) -> None:
    form.agency_id.choices = choices(
        [(str(agency.id), agency.name) for agency in queries.agencies(reading())], "Choose"
    )


def _agency(session: Session, agency_id: int) -> Agency:
    return queries.agency(session, agency_id) or abort(404)


def _person(session: Session, person_id: int) -> Professional:
    return queries.professional(session, person_id) or abort(404)
