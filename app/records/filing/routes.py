"""The presses beside a signed record: it stands in the case system (A2)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.queries import meeting_by_ref, meeting_for_change
from app.records.filing import service
from app.referrals import queries as referrals
from app.referrals.models import Child
from app.web.access import access
from app.web.htmx import go_to
from app.web.numbers import whole

blueprint = Blueprint("record_filing", __name__, url_prefix="/discussions")

Press = Callable[[Session, Meeting, Child], None]


@blueprint.post("/<ref>/record/<int:number>/children/<child_ref>/filed")
@access(staff_may(Permission.RECORD_CIRCULATE))
def file(ref: str, number: int, child_ref: str) -> Response:
    seen = request.form.get("version", 0, type=whole)

    def press(session: Session, meeting: Meeting, child: Child) -> None:
        service.file(session, signed_in().actor, meeting, number, child, seen, now())

    return _answer(ref, child_ref, press, "The record is noted as filed in the case system.")


@blueprint.post("/<ref>/record/<int:number>/children/<child_ref>/not-filed")
@access(staff_may(Permission.RECORD_CIRCULATE))
def take_back(ref: str, number: int, child_ref: str) -> Response:
    def press(session: Session, meeting: Meeting, child: Child) -> None:
        service.take_back(session, signed_in().actor, meeting, number, child, now())

    return _answer(ref, child_ref, press, "The record is noted as not filed in the case system.")


def _answer(ref: str, child_ref: str, press: Press, done: str) -> Response:
    shown = meeting_by_ref(reading(), ref) or abort(404)
    try:
        with transaction() as session:
            meeting = meeting_for_change(session, shown.ref) or abort(404)
            child = referrals.child_by_ref(session, child_ref) or abort(404)
            if child.id not in [row.child_id for row in meeting.children]:
                abort(404)
            press(session, meeting, child)
        flash(done, "success")
    except Refused as refusal:
        flash(refusal.message)
    # Back to the page that it was pressed on: a discussion need not come from a referral.
    referral = referrals.by_ref(reading(), request.form.get("referral", ""))
    if referral is not None:
        return go_to(url_for("referrals.referral", ref=referral.ref) + "#filed")
    return go_to(url_for("records.circulate", ref=ref) + "#filed")
