"""The wall itself: a link opens it, a cookie keeps it open, it refreshes by itself (G2)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, url_for

from app.core.clock import in_london, london_date, now
from app.core.session import reading, transaction
from app.reports.wall import queries, rules, service
from app.reports.wall.access import OwnScreen, display_of, open_screen, this_display
from app.web.access import Everyone, access
from app.web.htmx import go_to, respond
from app.web.numbers import whole

blueprint = Blueprint("wall", __name__, url_prefix="/wall")


@blueprint.get("/open/<token>")
@access(Everyone())
def open_link(token: str) -> Response:
    """An unknown and a revoked link look the same. The address is clean afterwards."""
    display = display_of(token)
    if display is None:
        abort(404)
    response = go_to(url_for("wall.screen", number=display.id))
    open_screen(response, token, display.id)
    return response


@blueprint.get("/<int:number>")
@access(OwnScreen())
def screen(number: int) -> Response:
    """One page of a screen; each asks for the next, so that they turn by themselves."""
    display, moment = this_display(), now()
    if display is None:
        abort(401)
    if rules.needs_sight(moment, display.last_seen_at):
        with transaction() as session:
            service.note_seen(session, display.id, moment)
    session = reading()
    board = rules.board(
        display.screen,
        queries.standing(session, display.screen),
        queries.counted(session, display.screen, moment),
        moment,
        page=request.args.get("page", 1, type=whole),
        lists=queries.lists_waiting(session, display.screen, london_date(moment)),
    )
    return respond(
        "wall/wall.html",
        "wall/_board.html",
        board=board,
        moment=moment,
        clock=f"{in_london(moment):%H:%M:%S}",
        following=url_for("wall.screen", number=number, page=board.following),
    )
