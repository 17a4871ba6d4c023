"""Where everything about quality stands (G6)."""

from __future__ import annotations

from flask import Blueprint, Response

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import london_date, now
from app.core.session import reading
from app.reports.quality.near_misses.queries import kinds_seen, to_review
from app.reports.quality.periods import quarter_before, quarter_of, year, year_of
from app.reports.quality.sample import queries as samples
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("quality", __name__)


@blueprint.get("/quality")
@access(staff_may(Permission.SIGNED_IN))
def overview() -> Response:
    today, session = london_date(now()), reading()
    kinds = kinds_seen(signed_in().roles, reviews=may(Permission.NEAR_MISS_REVIEW))
    sees = may(Permission.QUALITY_SEE)
    this = year_of(today)
    return respond(
        "quality/overview.html",
        sees=sees,
        near_misses=to_review(session, kinds)[0] if kinds else 0,
        to_draw=samples.undrawn(session, today) if sees else (),
        reports=[quarter_before(today), quarter_of(today), year(this - 1), year(this)],
    )
