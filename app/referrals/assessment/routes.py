"""The page on which an assessment under section 17 is noted as complete."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now, words_for_moment
from app.core.session import reading
from app.referrals.assessment import service
from app.referrals.assessment.forms import CompletedForm
from app.referrals.assessment.queries import completed
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.finding import found
from app.web.access import access

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
        Text(one.by, one.row.recorded_at, f"Complete {words_for_moment(one.row.completed_at)}")
        for one in completed(session, referral_id)[:1]
    ]
