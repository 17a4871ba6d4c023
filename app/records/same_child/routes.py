"""Is this a child who is known already? Side by side, said with a reason, undone with one (A3)."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.restricted.hidden import hidden_children, whom_to_ask
from app.meetings.routes import once
from app.records.same_child import places, service
from app.records.same_child.forms import BY_REFERENCE, LinkForm, UndoForm
from app.records.same_child.places import Find, Place
from app.referrals import keys, queries, shown
from app.referrals.models import Child
from app.referrals.queries import LikelyMatch
from app.referrals.same_child import queries as same_child
from app.referrals.same_child.side_by_side import beside, compared
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("same_child", __name__)
RESTRICTED = "Somebody who may see the restricted case of this child does this: ask there"


@blueprint.route("/referrals/<ref>/children/<child_ref>/known", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def known(ref: str, child_ref: str) -> Response:
    """Known children beside one on a referral, and the press that links them."""
    return _known(places.referral, ref, child_ref)


@blueprint.route("/discussions/<ref>/children/<child_ref>/known", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def known_of_open_case(ref: str, child_ref: str) -> Response:
    """The same for a child of an open case, who stands on no referral (A11)."""
    return _known(places.open_case, ref, child_ref)


@blueprint.route("/referrals/<ref>/matches/<int:match_id>/undo", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def undo(ref: str, match_id: int) -> Response:
    """It is another child after all."""
    return _undo(places.referral, ref, match_id)


@blueprint.route("/discussions/<ref>/matches/<int:match_id>/undo", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def undo_of_open_case(ref: str, match_id: int) -> Response:
    """The same from the discussion of an open case."""
    return _undo(places.open_case, ref, match_id)


def _known(find: Find, ref: str, child_ref: str) -> Response:
    held = find(reading(), ref)
    child = held.child(child_ref)
    form = LinkForm()
    likely, hidden = _likely(reading(), held, child), hidden_children()
    form.known.choices = [
        *(
            (one.child.ref, f"{shown.name_of(one.child)} ({one.child.ref})")
            for one in likely
            if one.child.id not in hidden
        ),
        (BY_REFERENCE, "Another known child, by reference"),
    ]

    def act(session: Session) -> str:
        wanted = queries.child_by_ref(session, form.chosen()) if form.chosen() else None
        field = "reference" if form.known.data == BY_REFERENCE else "known"
        if wanted is None:
            raise Refused(field, "Choose the child, or enter the reference of a known one")
        current = find(session, ref).child(child_ref)
        if hidden & {wanted.id, current.id}:
            raise Refused(field, RESTRICTED)
        service.link(session, signed_in().actor, current, wanted, form.reason.data, now())
        flash(f"{child.ref} is linked to {wanted.ref}. It can be undone.", "success")
        return held.back

    if request.method == "POST" and form.validate():
        location = once(form, act)
        if location is not None:
            return go_to(location)
    moment = now()
    earlier = queries.referrals_on(reading(), [one.child.id for one in likely])
    said = same_child.said_of(reading(), [child.id])
    _note_views(held, child.ref, *(one.child.ref for one in likely))
    return respond(
        "records/same_child/known.html",
        status=422 if form.errors else 200,
        form=form,
        place=held,
        child_ref=child.ref,
        name=shown.name_of(child),
        said=[one for one in said if one.match.undone_at is None],
        candidates=[
            beside(child, one, earlier, moment, ask=whom_to_ask(one.child.id)) for one in likely
        ],
    )


def _undo(find: Find, ref: str, match_id: int) -> Response:
    held = find(reading(), ref)
    said = held.said(reading(), match_id)
    form = UndoForm()
    if hidden_children() & {said.match.child_id, said.match.other_id}:
        flash(RESTRICTED)
        return go_to(held.back)

    def act(session: Session) -> str:
        service.undo(session, signed_in().actor, match_id, form.reason.data, now())
        flash("The children are told apart again.", "success")
        return held.back

    if request.method == "POST" and form.validate():
        location = once(form, act)
        if location is not None:
            return go_to(location)
    child = reading().get_one(Child, said.match.child_id)
    other = reading().get(Child, said.match.other_id) if said.match.other_id else None
    _note_views(held, child.ref, *([other.ref] if other else []))
    return respond(
        "records/same_child/undo.html",
        status=422 if form.errors else 200,
        form=form,
        place=held,
        said=said,
        child_ref=child.ref,
        name=shown.name_of(child),
        rows=compared(other, child) if other else (),
    )


def _likely(session: Session, held: Place, child: Child) -> list[LikelyMatch]:
    on_it = {one.id for one in held.children}
    matches = queries.likely_matches(session, keys.identity(child))
    return [one for one in matches if one.child.id not in on_it]


def _note_views(held: Place, *child_refs: str) -> None:
    """Showing known children side by side is a view of each of them (H3)."""
    with transaction() as session:
        viewed(session, signed_in().actor, "known children", held.subject, now())
        for child_ref in child_refs:
            viewed(session, signed_in().actor, "side by side", Subject("child", child_ref), now())
