"""The wall itself: a link opens it, a cookie keeps it open, it refreshes by itself (G2)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, url_for

from app.core.clock import in_london, now
from app.core.session import reading, transaction
from app.reports.wall import queries, rules, service
from app.reports.wall.access import OwnScreen, display_of, open_screen, this_display
from app.web.access import Everyone, access
from app.web.htmx import go_to, respond

blueprint = Blueprint("wall", __name__, url_prefix="/wall")


@blueprint.get("/open/<token>")
@access(Everyone())
def open_link(token: str) -> Response:
    """An unknown and a revoked link look the same. The address is clean afterwards."""
    if display_of(token) is None:
        abort(404)
    response = go_to(url_for("wall.screen"))
    open_screen(response, token)
    return response


@blueprint.get("")
@access(OwnScreen())
def screen() -> Response:
    display, moment = this_display(), now()
    if display is None:
        abort(401)
    if rules.needs_sight(moment, display.last_seen_at):
        with transaction() as session:
            service.note_seen(session, display.id, moment)
    board = rules.board(display.screen, queries.standing(reading(), display.screen), moment)
    return respond(
        "wall/wall.html",
        "wall/_board.html",
        board=board,
        moment=moment,
        clock=f"{in_london(moment):%H:%M:%S}",
    )
