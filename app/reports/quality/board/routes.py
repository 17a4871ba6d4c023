"""The quarterly and the annual report (G6; IMAP 8, 11)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.reports.quality.board.content import report
from app.reports.quality.board.paper import printed
from app.reports.quality.board.service import make
from app.reports.quality.periods import Period, parsed
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("board", __name__, url_prefix="/quality/reports")


@blueprint.get("/<key>")
@access(staff_may(Permission.QUALITY_SEE))
def shown(key: str) -> Response:
    period, moment = _period(key), now()
    return respond(
        "quality/board.html",
        report=report(reading(), period, moment),
        over=period.is_over(london_date(moment)),
    )


@blueprint.get("/<key>.pdf")
@access(staff_may(Permission.QUALITY_SEE, fresh=True))
def pdf(key: str) -> Response:
    """Leaves the house, so password and code are asked for again, and it is written down (H1)."""
    period, moment = _period(key), now()
    content = report(reading(), period, moment)
    reading().rollback()
    with transaction() as session:
        make(session, signed_in().actor, period, moment)
    response = make_response(printed(content, moment))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f"attachment; filename=quality-{period.key}.pdf"
    return response


def _period(key: str) -> Period:
    """A quarter or a year that has begun, else 404."""
    period = parsed(key)
    if period is None or period.start > london_date(now()):
        abort(404)
    return period
