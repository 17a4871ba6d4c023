"""Staff make, list and revoke displays (G2)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.exc import IntegrityError

from app.accounts.forms import PressForm
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.reports.wall import queries, rules, service
from app.reports.wall.forms import DisplayForm
from app.reports.wall.types import Screen
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("wall_displays", __name__, url_prefix="/displays")
MADE_BEFORE = (
    "This display was made already. Its link was shown once: revoke it and make a new one."
)


@blueprint.route("/", methods=["GET", "POST"])
@access(staff_may(Permission.WALL_MANAGE))
def displays() -> Response:
    form = DisplayForm()
    if not form.validate_on_submit():
        return _page(form, 422 if form.errors else 200)
    made = None
    try:
        with transaction() as session:
            if done_before(session, form.nonce.data) is None:
                made = service.make_display(
                    session, signed_in().actor, form.name.data, Screen(form.screen.data), now()
                )
                mark_done(session, form.nonce.data, url_for("wall_displays.displays"), now())
    except IntegrityError:
        made = None  # sent twice at the same moment: the other sending won
    if made is None:
        flash(MADE_BEFORE)
        return go_to(url_for("wall_displays.displays"))
    path = url_for("wall.open_link", token=made.token)
    link = f"{SETTINGS.here().base_url}{path}"
    return _page(DisplayForm(formdata=None), 200, link=link, made=form.name.data)


@blueprint.post("/<int:number>/revoke")
@access(staff_may(Permission.WALL_MANAGE))
def revoke(number: int) -> Response:
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            service.revoke_display(session, signed_in().actor, number, now())
        flash("The display is revoked: it goes blank within half a minute.", "success")
    except Refused as refusal:
        flash(refusal.message)
    return go_to(url_for("wall_displays.displays"))


def _page(form: DisplayForm, status: int, link: str = "", made: str = "") -> Response:
    moment = now()
    return respond(
        "wall/displays.html",
        status=status,
        form=form,
        link=link,
        made=made,
        rows=[
            (one, rules.seen_in_words(moment, one.last_seen_at))
            for one in queries.displays(reading())
        ],
    )
