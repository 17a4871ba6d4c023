"""People from a list: choose the file, see what each line would do, apply it."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, Response, flash, make_response, url_for

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.imports import rules, service
from app.directory.imports.forms import ApplyForm, ListForm
from app.directory.imports.types import COLUMNS, Does, Plan
from app.directory.types import AgencyKind, ProfessionalRole
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("imports", __name__)
EDIT = staff_may(Permission.DIRECTORY_EDIT)
_COLOURS = {
    Does.ADD: "green",
    Does.CHANGE: "blue",
    Does.RETURN: "blue",
    Does.END: "orange",
    Does.SAME: "grey",
    Does.WRONG: "red",
}


@blueprint.route("/directory/import", methods=["GET", "POST"])
@access(EDIT)
def choose() -> Response:
    form = ListForm()
    if form.validate_on_submit():
        content = form.file.data.read(rules.MOST_BYTES + 1) if form.file.data else b""
        try:
            if not content:
                raise Refused("file", "Choose a file that is not empty")
            return _preview(service.plan(reading(), content), content)
        except Refused as refusal:
            form.add_error(refusal.field, refusal.message)
    return respond(
        "directory/imports/choose.html",
        status=422 if form.errors else 200,
        form=form,
        columns=COLUMNS,
        kinds=[kind.value for kind in AgencyKind],
        roles=[role.value for role in ProfessionalRole],
    )


@blueprint.post("/directory/import/apply")
@access(EDIT)
def apply() -> Response:
    form = ApplyForm()
    content = _content(form) if form.validate_on_submit() else None
    if content is None:
        flash("The list was not sent whole: choose the file again.", "important")
        return go_to(url_for(".choose"))
    location = url_for("directory.people")
    try:
        with transaction() as session:
            if done_before(session, form.nonce.data) is None:
                done = service.apply(session, signed_in().actor, content, form.digest.data, now())
                mark_done(session, form.nonce.data, location, now())
                flash(f"The list is applied: {_counted(done)}.", "success")
        return go_to(location)
    except (service.PlanChanged, Refused):
        changed = service.plan(reading(), content)
        return _preview(changed, content, changed_meanwhile=True)


@blueprint.get("/directory/import/headings.csv")
@access(EDIT)
def headings() -> Response:
    """An empty list with its headings, to be filled in a spreadsheet."""
    response = make_response("\ufeff" + ",".join(COLUMNS) + "\r\n")
    response.mimetype = "text/csv"
    response.headers.set("Content-Disposition", "attachment", filename="directory.csv")
    return response


def _preview(plan: Plan, content: bytes, *, changed_meanwhile: bool = False) -> Response:
    form = ApplyForm(formdata=None)
    form.content.data, form.digest.data = base64.b64encode(content).decode(), plan.digest
    order = list(reversed(Does))
    return respond(
        "directory/imports/preview.html",
        status=409 if changed_meanwhile else 200,
        form=form,
        plan=plan,
        lines=[
            (one, one.does.label, _COLOURS[one.does])
            for one in sorted(plan.lines, key=lambda one: (order.index(one.does), one.number))
        ],
        wrong=plan.count(Does.WRONG),
        counted=_counted(plan),
        new_agencies=[(name, kind.label.lower()) for name, kind in plan.new_agencies],
        changed_meanwhile=changed_meanwhile,
    )


def _content(form: ApplyForm) -> bytes | None:
    try:
        return base64.b64decode(form.content.data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _counted(plan: Plan) -> str:
    said = [
        f"{count} {does.label.lower()}"
        for does in (Does.ADD, Does.CHANGE, Does.RETURN, Does.END)
        if (count := plan.count(does))
    ]
    return ", ".join(said) or "nothing to do"
