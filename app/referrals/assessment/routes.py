"""The pages on which assessments under section 17 are noted as complete."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now, words_for_moment
from app.core.session import reading, transaction
from app.referrals.assessment import past_queries, past_service, service
from app.referrals.assessment.forms import CompletedForm, PastForm
from app.referrals.assessment.models import AssessmentCompleted
from app.referrals.assessment.past_queries import MOST
from app.referrals.assessment.queries import completed
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.finding import found
from app.referrals.masking import hidden_cases
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("assessment", __name__, url_prefix="/referrals")


@blueprint.route("/<ref>/assessment", methods=["GET", "POST"])
@access(staff_may(Permission.AFTER_FOLLOW))
def complete(ref: str) -> Response:
    held, moment = found(reading(), ref), now()
    form = CompletedForm(data={"version": held.version, "completed_at": moment})

    def save(session: Session) -> None:
        service.complete(
            session, signed_in().actor, found(session, ref), at, now(), form.version.data
        )

    typed = form.completed_at.data
    at = typed if isinstance(typed, datetime) else moment
    return answer_small(
        held,
        SmallForm(
            page="assessment",
            form=form,
            save=save,
            done="It is noted that the assessment is complete.",
            theirs=lambda session: _newest(session, held.id),
            yours=words_for_moment(at),
        ),
    )


def _newest(session: Session, referral_id: int) -> list[Text]:
    return [
        Text(one.by, one.row.recorded_at, _words(one.row))
        for one in completed(session, referral_id)[:1]
    ]


def _words(row: AssessmentCompleted) -> str:
    if row.reason is not None:
        return f"Complete before this installation counted assessments: {row.reason}"
    return f"Complete {words_for_moment(row.completed_at)}"


@blueprint.route("/assessments/past", methods=["GET", "POST"])
@access(staff_may(Permission.AFTER_FOLLOW))
def past() -> Response:
    """Those that were over before this installation counted them: which are complete, in one press.
    The page names no child; those of restricted cases are left to who may see them."""
    rows, hidden = past_queries.past(reading()), hidden_cases()
    seen = [one for one in rows if one.ref not in hidden][:MOST]
    form = PastForm(
        data={"complete": [one.ref for one in seen], "shown": " ".join(one.ref for one in seen)}
    )
    # What was on the page that is sent: others may have come up behind it since.
    posted = (form.shown.data or "").split()
    seen = [one for one in seen if one.ref in posted]
    form.complete.choices = [(one.ref, one.ref) for one in seen]
    shown: dict[str, Any] = {
        "form": form,
        "rows": seen,
        "more": len(rows) - len(seen) - sum(one.ref in hidden for one in rows),
        "hidden": sum(one.ref in hidden for one in rows),
    }
    if request.method == "GET":
        return respond("referrals/assessments_past.html", **shown)
    if not form.validate_on_submit():
        return respond("referrals/assessments_past.html", status=422, **shown)
    said, held = set(form.complete.data or ()), {one.ref for one in seen}
    with transaction() as session:
        done = past_service.say_past(
            session, signed_in().actor, held, said, form.reason.data, now()
        )
    if not held:
        flash("Nothing was changed: somebody had settled each of these already.", "important")
        return go_to(url_for(".past"))
    were = "1 assessment is" if done == 1 else f"{done} assessments are"
    settled = len(posted) - len(held)
    others = f" {settled} of them somebody had settled already." if settled else ""
    flash(f"{were} noted as complete. What is not stands on the first page.{others}", "success")
    return go_to(url_for("reports.first_page"))
