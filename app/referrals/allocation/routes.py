"""Allocating a referral, and taking it on."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.forms import PressForm
from app.accounts.queries import social_workers
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.queries import council
from app.protocols.registry import active
from app.referrals.allocation import queries, rules, service
from app.referrals.allocation.forms import AllocateForm
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.finding import found
from app.web.access import access
from app.web.htmx import go_to

blueprint = Blueprint("allocation", __name__, url_prefix="/referrals")


@blueprint.route("/<ref>/allocation", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def allocate(ref: str) -> Response:
    held = found(reading(), ref)
    workers = social_workers(reading())
    form = AllocateForm(data={"version": held.version})
    form.social_worker.choices = workers
    protocol = active(council(reading()).protocol_id)

    def save(session: Session) -> None:
        service.allocate(
            session, signed_in().actor, found(session, ref), form.social_worker.data,
            form.note.data, now(), form.version.data,
        )  # fmt: skip

    chosen = dict(workers).get(form.social_worker.data or 0, "Nobody chosen")
    return answer_small(
        held,
        SmallForm(
            page="allocation",
            form=form,
            save=save,
            done="The referral is allocated: it stands on the social worker's first page.",
            theirs=lambda session: _newest(session, held.id),
            yours=f"{chosen}: {form.note.data or ''}",
            context={
                "why": rules.why(protocol, held.rating) if held.rating else "",
                "earlier": queries.allocations(reading(), held.id),
            },
        ),
    )


@blueprint.post("/<ref>/allocation/taken")
@access(staff_may(Permission.REFERRAL_SEE))
def take(ref: str) -> Response:
    """The social worker has it."""
    if not PressForm().validate_on_submit():
        abort(400)
    try:
        with transaction() as session:
            service.take(session, signed_in().actor, found(session, ref), now())
        flash("It is noted that you have it.", "success")
    except Refused as refusal:
        flash(refusal.message, "problem")
    return go_to(url_for("referrals.referral", ref=ref))


def _newest(session: Session, referral_id: int) -> list[Text]:
    return [
        Text(one.by, one.allocation.allocated_at, f"Allocated to {one.social_worker}")
        for one in queries.allocations(session, referral_id)[:1]
    ]
