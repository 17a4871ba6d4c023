"""The list of wards in the council's settings (G3)."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.directory.base_routes import save
from app.directory.service import ChangedMeanwhile
from app.directory.wards.forms import WardsForm
from app.directory.wards.service import listed_text, save_list
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("wards", __name__, url_prefix="/directory")


@blueprint.route("/council/wards", methods=["GET", "POST"])
@access(staff_may(Permission.DIRECTORY_EDIT))
def wards() -> Response:
    held = listed_text(reading())
    form = WardsForm(data={"wards": held, "seen": held})
    theirs = ""
    if form.validate_on_submit():

        def change(session: Session) -> str:
            save_list(session, signed_in().actor, form.wards.data, form.seen.data, now())
            return url_for("directory.council")

        try:
            if saved := save(form, change, "The list of wards is saved."):
                return saved
        except ChangedMeanwhile:
            theirs = listed_text(reading())
            form.seen.data, form.seen.raw_data = theirs, None
    return respond(
        "directory/wards.html",
        status=422 if form.errors else 409 if theirs else 200,
        form=form,
        theirs=theirs,
    )
