"""What was closed as no referral: how many, why, and which forms (A12; HO2014 Wiltshire)."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.referrals.arrivals.queries import MOST, closed_by_closing
from app.referrals.arrivals.queries import counted as forms_counted
from app.referrals.no_referral.types import Counted, Period
from app.referrals.outcome.queries import filtered
from app.referrals.outcome.types import FilterReason
from app.web.access import access
from app.web.htmx import respond
from app.web.keys import moment_key

blueprint = Blueprint("no_referral", __name__, url_prefix="/referrals")


@blueprint.get("/no-referral")
@access(staff_may(Permission.REFERRAL_SEE))
def counts() -> Response:
    asked = request.args.get("period", "")
    period = next((one for one in Period if one.value == asked), Period.FOUR_WEEKS)
    before = moment_key(request.args.get("after", ""))
    found = closed_by_closing(reading(), before)
    rows, last = found[:MOST], found[MOST - 1] if len(found) > MOST else None
    after = f"{last.settled_at.isoformat()},{last.id}" if last is not None else ""
    counted = _counted(reading(), period.since(now()))
    return respond(
        "referrals/no_referrals.html",
        counted=counted,
        forms=sum(one.forms for one in counted),
        referrals=sum(one.referrals for one in counted),
        period=period,
        periods=list(Period),
        rows=rows,
        first=url_for("no_referral.counts", period=period.value) if before else "",
        older=url_for("no_referral.counts", period=period.value, after=after) if after else "",
    )


def _counted(session: Session, since: datetime) -> list[Counted]:
    forms, referrals = forms_counted(session, since), filtered(session, since)
    return [
        Counted(one.label, forms.get(one, 0), referrals.get(one, 0))
        for one in FilterReason
        if one in forms or one in referrals
    ]
