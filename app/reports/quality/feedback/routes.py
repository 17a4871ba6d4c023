"""Behind the link of a feedback mail; and, for staff, what was answered (G6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission, Role
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests.queries import desk
from app.reports.quality.feedback import queries, rules, service
from app.reports.quality.feedback.forms import FeedbackForm
from app.reports.quality.feedback.types import HEARD, PREPARED, Answered, View
from app.reports.quality.periods import parsed, quarter_before
from app.web.access import Everyone, access
from app.web.htmx import respond

blueprint = Blueprint("feedback", __name__)
_OUTSIDE: dict[str, Any] = {"product_name": "Multi-agency desk", "home_url": "#main-content"}


@blueprint.get("/feedback/<token>")
@access(Everyone())
def ask(token: str) -> Response:
    """The same page for every link, and nothing on it of any meeting (D3)."""
    return respond(
        "quality/feedback.html", form=FeedbackForm(), token=token, desk=desk(reading()), **_OUTSIDE
    )


@blueprint.post("/feedback/<token>")
@access(Everyone())
def answer(token: str) -> Response:
    form = FeedbackForm()
    context: dict[str, Any] = {"token": token, "desk": desk(reading()), **_OUTSIDE}
    if not form.validate_on_submit():
        return respond("quality/feedback.html", status=422, form=form, **context)
    try:
        with transaction() as session:
            service.answer(
                session, token, View(form.prepared.data), View(form.heard.data),
                form.words.data, now(),
            )  # fmt: skip
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return respond("quality/feedback.html", status=422, form=form, **context)
    return respond("quality/feedback_thanks.html", **context)


@blueprint.get("/quality/feedback")
@access(staff_may(Permission.QUALITY_SEE))
def answers() -> Response:
    today = london_date(now())
    last = quarter_before(today)
    period = parsed(request.args.get("period", "")) or last
    found = rules.told(queries.answers(reading(), period.start, period.end), today)
    # What people wrote may name somebody; in the order of the alphabet it does not say when.
    chairs = Role.CHAIR in signed_in().roles
    return respond(
        "quality/feedback_answers.html",
        period=period,
        periods=[quarter_before(last.start), last],
        count=len(found),
        least=rules.LEAST,
        chairs=chairs,
        figures=figures(found),
        own=figures(rules.own(found, signed_in().id)),
        words=sorted(one.words for one in found if one.words) if chairs else [],
    )


def figures(found: Sequence[Answered]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Each question with how often each answer was given; empty where there are none."""
    if not found:
        return []
    asked = ((PREPARED, [one.prepared for one in found]), (HEARD, [one.heard for one in found]))
    return [
        (words, [(view.label, Counter(given)[view]) for view in View]) for words, given in asked
    ]
