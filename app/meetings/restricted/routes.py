"""The pages about restricted cases (H2)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.queries import staff_who_may
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.restricted import queries, service, whole_case
from app.meetings.restricted.forms import FindForm, OpenForm, RestrictForm, ReviewForm
from app.meetings.restricted.gate import SUBJECTS
from app.meetings.restricted.rules import seen
from app.meetings.routes import meeting_or_404
from app.referrals.finding import found as referral_found
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none
from app.web.once import done_before, mark_done

blueprint = Blueprint("restricted", __name__)
_LEADS_TO = {
    "referrals": "referrals.referral",
    "discussions": "meetings.overview",
    "mail": "received.mail",
    "domestic-abuse": "abuse.case",
}


@blueprint.route("/referrals/<ref>/restricted", methods=["GET", "POST"])
@access(staff_may(Permission.CASE_RESTRICT))
def referral(ref: str) -> ResponseReturnValue:
    case = referral_found(reading(), ref)
    back = url_for("referrals.referral", ref=case.ref)
    return _restriction(Subject("referral", case.ref), back, referral_id=case.id)


@blueprint.route("/discussions/<ref>/restricted", methods=["GET", "POST"])
@access(staff_may(Permission.CASE_RESTRICT))
def meeting(ref: str) -> ResponseReturnValue:
    """Of an open case; that of a referral is restricted with it."""
    case = meeting_or_404(reading(), ref)
    if case.referral_id is not None:
        flash("Restrict the referral: its discussions are restricted with it")
        return go_to(url_for("meetings.overview", ref=case.ref))
    back = url_for("meetings.overview", ref=case.ref)
    return _restriction(Subject("meeting", case.ref), back, meeting_id=case.id)


def _restriction(
    subject: Subject,
    back: str,
    *,
    referral_id: int | None = None,
    meeting_id: int | None = None,
) -> ResponseReturnValue:
    member, form = signed_in(), RestrictForm()
    case = {"referral_id": referral_id, "meeting_id": meeting_id}
    held = queries.standing(reading(), **case)
    if (
        g.get("glass_until") is not None
        and held is not None
        and queries.may_be_changed_by_a_reader(reading(), held.id)
    ):
        # An hour behind broken glass must not become a place among the readers.
        flash("Only those who may always see this case change who may see it: ask there")
        return go_to(back)
    people = staff_who_may(reading(), Permission.REFERRAL_SEE)
    named = queries.named_on(reading(), **case)
    form.readers.choices = [
        (one.id, f"{one.name}, {named[one.id]}" if one.id in named else one.name)
        for one in people
        if one.id != member.id
    ]
    if form.validate_on_submit():
        lifts = "lift" in request.form
        try:
            with transaction() as session:
                if lifts:
                    service.lift(
                        session,
                        member.actor,
                        subject,
                        form.reason.data,
                        sender(),
                        now(),
                        **case,
                    )
                else:
                    service.restrict(
                        session,
                        member.actor,
                        subject,
                        form.readers.data,
                        form.reason.data,
                        sender(),
                        now(),
                        **case,
                    )
        except Refused as refused:
            form.add_error(refused.field, refused.message)
        else:
            done = "may see it again" if lifts else "is restricted to the people you chose"
            flash(f"The case {done}" if not lifts else f"Everybody {done}", "success")
            return go_to(back)
    if request.method == "GET":
        # Whoever works on the case goes on with it, unless the restriction is about them.
        form.readers.data = list(named)
        if held is not None:
            form.readers.data = [one for one, _name in queries.readers(reading(), held.id)]
            form.reason.data = held.reason
    with transaction() as session:
        viewed(session, member.actor, "restriction", subject, now())
    return respond(
        "restricted/restrict.html",
        status=422 if form.errors else 200,
        form=form,
        subject=subject,
        back=back,
        held=held is not None,
    )


@blueprint.route("/restricted/open/<place>/<case_ref>", methods=["GET", "POST"])
@access(staff_may(Permission.GLASS_BREAK))
def open_case(place: str, case_ref: str) -> ResponseReturnValue:
    """The door of a case for whoever may not see it: a restricted one, or any for who sees none."""
    if place not in SUBJECTS:
        abort(404)
    ref, number = case_ref.strip().upper(), request.args.get("number", type=whole_or_none)
    member, form, moment = signed_in(), OpenForm(), now()
    inside = _inside(place, ref, number)
    found = queries.restrictions(reading(), place, ref, member.id, number)
    sees_cases, opened = may(Permission.REFERRAL_SEE), None
    if not sees_cases:
        opened = whole_case.behind(reading(), place, ref)
        if opened is None:
            abort(404)
    is_open = opened is None or whole_case.open_until(reading(), opened, member.id, moment)
    if is_open and seen(found, moment).may:
        return go_to(inside)
    if form.validate_on_submit():
        with transaction() as session:
            if done_before(session, form.nonce.data) is None:
                service.break_glass(
                    session,
                    member,
                    queries.restrictions(session, place, ref, member.id, number),
                    Subject(SUBJECTS[place], ref),
                    form.reason.data,
                    staff_who_may(session, Permission.GLASS_REVIEW),
                    sender(),
                    moment,
                    opened,
                )
                mark_done(session, form.nonce.data, inside, moment)
        return go_to(inside)
    names = {name for one in found for _id, name in queries.readers(reading(), one.restriction_id)}
    return respond(
        "restricted/open.html",
        status=422 if form.errors else 200,
        form=form,
        ref=ref,
        readers=sorted(names),
        sees_cases=sees_cases,
    )


@blueprint.get("/restricted/open")
@access(staff_may(Permission.GLASS_BREAK))
def find() -> Response:
    """From a reference to the door of its case, for who has no list to find it in."""
    form = FindForm(request.args)
    if "reference" in request.args and form.validate():
        ref = form.reference.data.upper()
        place = whole_case.place_of(reading(), ref)
        if place is not None:
            return go_to(url_for("restricted.open_case", place=place, case_ref=ref))
        form.add_error("reference", "There is no case with this reference: ask for it again")
    return respond("restricted/find.html", status=422 if form.errors else 200, form=form)


@blueprint.get("/restricted/")
@access(staff_may(Permission.GLASS_REVIEW))
def openings() -> Response:
    return _openings_page(ReviewForm(), None)


@blueprint.post("/restricted/openings/<int:number>")
@access(staff_may(Permission.GLASS_REVIEW))
def review(number: int) -> ResponseReturnValue:
    form = ReviewForm()
    if not form.validate_on_submit():
        return _openings_page(form, number)
    try:
        with transaction() as session:
            service.review(session, signed_in(), number, form.review.data, now())
    except Refused as refused:
        form.add_error(refused.field, refused.message)
        return _openings_page(form, number)
    flash("What you found is kept", "success")
    return go_to(url_for("restricted.openings"))


def _openings_page(form: ReviewForm, number: int | None) -> Response:
    me, waiting = signed_in().id, queries.openings(reading(), reviewed=False)
    first = next((one.id for one in waiting if one.staff_id != me), None)
    return respond(
        "restricted/openings.html",
        status=422 if form.errors else 200,
        form=form,
        number=number or first,
        me=me,
        waiting=waiting,
        reviewed=queries.openings(reading(), reviewed=True),
    )


def _inside(place: str, ref: str, number: int | None) -> str:
    if place == "lists":
        return url_for("lists.entry", ref=ref, number=number or 1)
    return url_for(_LEADS_TO[place], ref=ref)
