"""The near-miss log: told by any member of staff, open until reviewed (G6)."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, flash, request, url_for

from app.accounts.case_views import also_shows, lists_cases
from app.accounts.models import Staff
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed_together
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.restricted.hidden import WORDS, hidden_cases, masked
from app.reports.quality.near_misses import queries, service
from app.reports.quality.near_misses.forms import NearMissForm, ReviewForm
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.types import NearMissKind
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.keys import moment_key
from app.web.numbers import LARGEST
from app.web.once import done_before, mark_done

blueprint = Blueprint("near_misses", __name__, url_prefix="/quality/near-misses")
GONE = "Deleted, as the case of that time was: its words are kept no longer"
_END = (datetime(2200, 1, 1, tzinfo=UTC), LARGEST)


def _kinds() -> frozenset[NearMissKind]:
    return queries.kinds_seen(signed_in().roles, reviews=may(Permission.NEAR_MISS_REVIEW))


@blueprint.get("")
@access(staff_may(Permission.SIGNED_IN))
def log() -> Response:
    everything = request.args.get("show") == "all"
    key = moment_key(request.args.get("after", ""))
    rows, more = queries.log(
        reading(), _kinds(), signed_in().id, key or _END, only_open=not everything
    )
    show = "all" if everything else None
    last = rows[-1] if rows else None
    hidden = hidden_cases() if rows else frozenset[str]()
    # What was written of a case is its content (H3).
    lists_cases(
        _case(one.case_ref)
        for one in rows
        if one.case_ref and one.case_ref not in hidden and not one.erased_at
    )
    return respond(
        "quality/near_misses.html",
        rows=masked(
            rows,
            of=lambda row: row.case_ref or "",
            kind=None,
            happened_on=None,
            what="",
            by="",
        ),
        restricted=WORDS,
        opens_cases=may(Permission.GLASS_BREAK),
        gone=GONE,
        everything=everything,
        reviews=may(Permission.NEAR_MISS_REVIEW),
        own_id=signed_in().id,
        first=url_for("near_misses.log", show=show) if key else "",
        older=(
            url_for("near_misses.log", show=show, after=f"{last.reported_at.isoformat()},{last.id}")
            if more and last
            else ""
        ),
    )


@blueprint.get("/new")
@access(staff_may(Permission.SIGNED_IN))
def new() -> Response:
    """`kind` and `case` are known where a page of a case leads here."""
    form = NearMissForm()
    form.happened_on.process(None, london_date(now()))
    kind, case_ref = request.args.get("kind"), request.args.get("case", "")
    if kind in {one.value for one in NearMissKind}:
        form.kind.data = kind
    form.case_ref.data = case_ref[:20]
    return respond("quality/near_miss_new.html", form=form)


@blueprint.post("/new")
@access(staff_may(Permission.SIGNED_IN))
def report() -> Response:
    form, here = NearMissForm(), url_for("near_misses.log")
    if not form.validate_on_submit():
        return respond("quality/near_miss_new.html", status=422, form=form)
    told = service.Told(
        NearMissKind(form.kind.data),
        form.happened_on.data,
        form.what.data,
        form.stopped.data,
        form.changed.data,
        form.case_ref.data,
    )
    hidden = hidden_cases()
    try:
        with transaction() as session:
            before = done_before(session, form.nonce.data)
            if before is None:
                row = service.report(session, signed_in().actor, signed_in().id, told, now())
                # Whoever may not see the case does not read on of it: what they told is kept.
                if row.case_ref not in hidden:
                    here = url_for("near_misses.one", near_miss=row.ref)
                mark_done(session, form.nonce.data, here, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return respond("quality/near_miss_new.html", status=422, form=form)
    if before is None:
        flash("Thank you. It is on the log, and open until somebody has reviewed it.", "success")
    return go_to(before or here)


@blueprint.get("/<near_miss>")
@access(staff_may(Permission.SIGNED_IN))
def one(near_miss: str) -> Response:
    row = _found(near_miss)
    if row.case_ref and row.case_ref in hidden_cases():
        return _door(row.case_ref)
    seen = [Subject("near miss", row.ref)]
    if row.case_ref:
        seen.append(_case(row.case_ref))
    with transaction() as session:
        viewed_together(session, signed_in().actor, "near miss", seen, now())
    return _page(row, ReviewForm(changed=row.changed or ""))


@blueprint.post("/<near_miss>")
@access(staff_may(Permission.NEAR_MISS_REVIEW))
def review(near_miss: str) -> Response:
    held = _found(near_miss)
    if held.case_ref and held.case_ref in hidden_cases():
        return _door(held.case_ref)
    ref, form = held.ref, ReviewForm()
    if not form.validate_on_submit():
        return _page(_found(ref), form, 422)
    try:
        with transaction() as session:
            row = queries.by_ref(session, ref)
            assert row is not None
            service.review(
                session, signed_in().actor, signed_in().id, row, form.review.data,
                form.changed.data, now(),
            )  # fmt: skip
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(_found(ref), form, 422)
    flash("Reviewed. It stays on the log.", "success")
    return go_to(url_for("near_misses.log"))


def _found(ref: str) -> NearMiss:
    """One that this person reported, or may review; else as if there were none."""
    row = queries.by_ref(reading(), ref)
    if row is None or not (row.kind in _kinds() or row.reported_by_id == signed_in().id):
        abort(404)
    return row


def _case(ref: str) -> Subject:
    return Subject("referral" if ref.startswith("RF-") else "meeting", ref)


def _door(ref: str) -> Response:
    """What nearly went wrong in a restricted case is as much its content as the case (H2)."""
    if not may(Permission.GLASS_BREAK):
        abort(404)
    place = "referrals" if ref.startswith("RF-") else "discussions"
    return go_to(url_for("restricted.open_case", place=place, case_ref=ref))


def _page(row: NearMiss, form: ReviewForm, status: int = 200) -> Response:
    if row.case_ref:
        also_shows(_case(row.case_ref))
    by = reading().get_one(Staff, row.reported_by_id).name
    reviewer = reading().get_one(Staff, row.reviewed_by_id).name if row.reviewed_by_id else ""
    return respond(
        "quality/near_miss.html",
        status=status,
        row=row,
        gone=GONE,
        by=by,
        reviewer=reviewer,
        form=form,
        may_review=(
            row.reviewed_at is None
            and row.erased_at is None
            and row.reported_by_id != signed_in().id
            and may(Permission.NEAR_MISS_REVIEW)
        ),
        opens_cases=may(Permission.REFERRAL_SEE),
    )
