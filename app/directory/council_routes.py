"""The council's settings and its conference lines."""

from __future__ import annotations

from datetime import date

from flask import Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in
from app.core.clock import now
from app.core.handed import Handed
from app.core.session import reading, transaction
from app.directory import queries, rules, service
from app.directory.base_routes import CHANGED, EDIT, blueprint, differences, form_page, save
from app.directory.forms import CouncilForm, LineForm, NewLineForm, PinsForm
from app.directory.models import ConferenceLine, CouncilSettings
from app.web.access import access
from app.web.htmx import go_to, respond

# The choice of protocols, offered without knowing what a protocol is.
PROTOCOL_NAMES = Handed[list[tuple[str, str]]]("protocol_names")


@blueprint.route("/council", methods=["GET", "POST"])
@access(EDIT)
def council() -> Response:
    settings = queries.council_or_none(reading())
    form = CouncilForm(data=_held(settings) if settings else {"office_opens": "09:00"})
    form.protocol_id.choices = PROTOCOL_NAMES.here()
    status, theirs = 200, None
    if form.validate_on_submit():

        def change(session: Session) -> str:
            service.save_council(session, signed_in().actor, form.given(), form.version.data, now())
            return url_for("directory.council")

        try:
            if saved := save(form, change, "The council's settings are saved."):
                return saved
        except CHANGED:
            latest = queries.council(reading())
            theirs = differences(form, _held(latest), latest.version)
            status = 409
    return respond(
        "directory/council.html",
        status=422 if form.errors else status,
        form=form,
        theirs=theirs,
        lines=queries.lines(reading()),
        ended_lines=queries.ended_lines(reading()),
    )


def _held(settings: CouncilSettings) -> dict[str, object]:
    days = (date.fromisoformat(day) for day in settings.closure_days)
    return {
        "version": settings.version,
        "authority": settings.authority,
        "authority_number": settings.authority_number,
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
        "police_form_email": settings.police_form_email,
        "police_form_telephone": settings.police_form_telephone,
        "medical_form_email": settings.medical_form_email,
        "medical_telephone": settings.medical_telephone,
        "medical_reception_telephone": settings.medical_reception_telephone,
        "quality_email": settings.quality_email,
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

    if form.validate_on_submit() and (saved := save(form, change, "The line is added.")):
        return saved
    return form_page(form, "Add a conference line")


@blueprint.route("/council/lines/<int:line_id>", methods=["GET", "POST"])
@access(EDIT)
def line(line_id: int) -> Response:
    held = _line(reading(), line_id)
    form = LineForm(data={"name": held.name, "telephone": held.telephone})

    def change(session: Session) -> str:
        service.edit_line(
            session, signed_in().actor, _line(session, line_id), form.name.data,
            form.telephone.data, now(), service.BOOKED_ON_LINE.here(),
        )  # fmt: skip
        return url_for("directory.line", line_id=line_id)

    if form.validate_on_submit() and (saved := save(form, change, "The line is changed.")):
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

    if form.validate_on_submit() and (saved := save(form, change, "The PINs are added.")):
        return saved
    return form_page(form, f"Add PINs to {held.name}")


@blueprint.post("/council/lines/<int:line_id>/end")
@access(EDIT)
def line_end(line_id: int) -> Response:
    with transaction() as session:
        service.end_line(session, signed_in().actor, _line(session, line_id), now())
    flash("The line can no longer be booked.", "success")
    return go_to(url_for("directory.council"))


@blueprint.post("/council/lines/<int:line_id>/restore")
@access(EDIT)
def line_restore(line_id: int) -> Response:
    with transaction() as session:
        service.restore_line(session, signed_in().actor, _line(session, line_id), now())
    flash("The line can be booked again.", "success")
    return go_to(url_for("directory.line", line_id=line_id))


def _line(session: Session, line_id: int) -> ConferenceLine:
    return queries.line(session, line_id) or abort(404)
