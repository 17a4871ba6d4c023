"""A child of an open case, corrected: there is no referral on which it could be (A11, G4)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings import queries
from app.meetings.models import Meeting
from app.meetings.open_case.routes import without_referral
from app.meetings.routes import note_view_of
from app.referrals import children, rules
from app.referrals import queries as referrals
from app.referrals.changes.child_form import child_in_words, held_child, with_unshown
from app.referrals.forms import ChildPageForm, set_picks
from app.referrals.intake.people import lists
from app.referrals.models import Child
from app.referrals.types import ChangedMeanwhile
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("open_case_child", __name__)


@blueprint.route("/discussions/<ref>/children/<child_ref>", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def child(ref: str, child_ref: str) -> Response:
    """What is known of a child: the census asks for the reference in the case system (G4)."""
    meeting = without_referral(reading(), ref)
    on_it = _child_on(reading(), meeting, child_ref)
    form = ChildPageForm(data=held_child(reading(), on_it))
    set_picks(form, lists(reading()).picks)
    ref, child_ref = meeting.ref, on_it.ref
    if request.method == "GET":
        note_view_of(ref, "child")
        return _page(meeting, on_it, form)
    if not form.validate_on_submit():
        return _page(meeting, on_it, form, 422)
    moment = now()
    try:
        with transaction() as session:
            current = _child_on(session, without_referral(session, ref), child_ref)
            given = with_unshown(session, current, form.given())
            rules.check(rules.child_problems(given, london_date(moment)))
            children.edit_child(
                session, signed_in().actor, current, given, moment, form.version.data
            )
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(meeting, on_it, form, 422)
    except (ChangedMeanwhile, StaleDataError):
        # The next sending is on top of what is there now: both texts have been read.
        fresh = _child_on(reading(), meeting, child_ref)
        form.version.data, form.version.raw_data = fresh.version, None
        return _page(meeting, fresh, form, 409)
    flash("What is known of the child is saved.", "success")
    return go_to(url_for("meetings.overview", ref=ref))


def _child_on(session: Session, meeting: Meeting, child_ref: str) -> Child:
    """A child of this discussion, else no such page: never a child of another one."""
    asked = child_ref.upper()
    if asked not in {one.ref for one in queries.children_of(session, meeting.id)}:
        abort(404)
    return referrals.child_by_ref(session, asked) or abort(404)


def _page(meeting: Meeting, on_it: Child, form: ChildPageForm, status: int = 200) -> Response:
    return respond(
        "meetings/open_case/child.html",
        status=status,
        form=form,
        meeting=meeting,
        child_ref=on_it.ref,
        theirs=child_in_words(on_it) if status == 409 else "",
    )
