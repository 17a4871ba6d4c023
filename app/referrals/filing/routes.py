"""The presses beside a child's reference in the case system (A2)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import transaction
from app.referrals import queries
from app.referrals.filing import service
from app.referrals.finding import found
from app.referrals.models import Child, Referral
from app.web.access import access
from app.web.htmx import go_to
from app.web.numbers import whole

blueprint = Blueprint("filing", __name__, url_prefix="/referrals")

Press = Callable[[Session, Referral, Child], None]


@blueprint.post("/<ref>/children/<child_ref>/filed")
@access(staff_may(Permission.REFERRAL_ENTER))
def file(ref: str, child_ref: str) -> Response:
    seen = request.form.get("version", 0, type=whole)

    def press(session: Session, referral: Referral, child: Child) -> None:
        if child.id not in [row.child_id for row in referral.children]:
            abort(404)
        service.file(session, signed_in().actor, referral, child, seen, now())

    return _answer(ref, child_ref, press, "It is noted as filed in the case system.")


@blueprint.post("/<ref>/children/<child_ref>/not-filed")
@access(staff_may(Permission.REFERRAL_ENTER))
def take_back(ref: str, child_ref: str) -> Response:
    def press(session: Session, referral: Referral, child: Child) -> None:
        service.take_back(session, signed_in().actor, referral, child, now())

    return _answer(ref, child_ref, press, "It is noted as not filed in the case system.")


def _answer(ref: str, child_ref: str, press: Press, done: str) -> Response:
    try:
        with transaction() as session:
            referral = found(session, ref)
            child = queries.child_by_ref(session, child_ref) or abort(404)
            press(session, referral, child)
        flash(done, "success")
    except Refused as refusal:
        flash(refusal.message)
    return go_to(url_for("referrals.referral", ref=ref) + "#filed")
