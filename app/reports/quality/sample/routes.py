"""The monthly sample: drawn, and reviewed by somebody who did not work on the case (G6)."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, flash, url_for

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.restricted.hidden import hidden_cases, masked
from app.referrals.models import Referral
from app.reports.quality.periods import Period, month
from app.reports.quality.sample import queries, service
from app.reports.quality.sample.forms import DrawForm, ReviewForm
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.types import QUESTIONS, Found, Grade
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("samples", __name__, url_prefix="/quality/samples")


@blueprint.get("")
@access(staff_may(Permission.QUALITY_SEE))
def samples() -> Response:
    return _list(200, DrawForm())


@blueprint.post("")
@access(staff_may(Permission.QUALITY_SEE))
def draw() -> Response:
    form = DrawForm()
    period = _month(form.month.data or "")
    if form.validate_on_submit() and period is not None:
        try:
            with transaction() as session:
                service.draw(session, signed_in().actor, signed_in().id, period, now())
        except Refused as refusal:
            form.form_errors.append(refusal.message)
            return _list(422, form)
        flash(f"The sample of {period.words} is drawn.", "success")
        reads = may(Permission.CASE_AUDIT)
        return go_to(
            url_for("samples.sample", key=period.key) if reads else url_for("samples.samples")
        )
    form.form_errors.append("Choose a month")
    return _list(422, form)


def _list(status: int, form: DrawForm) -> Response:
    found = queries.samples(reading())
    return respond(
        "quality/samples.html",
        status=status,
        form=form,
        samples=[(month(one.month.year, one.month.month), one) for one in found],
        to_draw=queries.undrawn(reading(), london_date(now())),
        # Of each outcome at most two are drawn: how many there are tells small numbers, which the
        # analyst is not told of a month (decision 0021).
        reads=may(Permission.CASE_AUDIT),
    )


@blueprint.get("/<key>")
@access(staff_may(Permission.CASE_AUDIT))
def sample(key: str) -> Response:
    period, held = _found(key)
    cases = queries.cases(reading(), held.id)
    worked = queries.worked_on(reading(), [one.referral_id for one in cases])
    return respond(
        "quality/sample.html",
        period=period,
        sample=held,
        cases=masked(cases, outcome=None, grade=None, reviewer=None),
        own={one for one, staff in worked.items() if signed_in().id in staff},
    )


@blueprint.get("/<key>/<int:position>")
@access(staff_may(Permission.CASE_AUDIT))
def case(key: str, position: int) -> Response:
    period, held = _found(key)
    one = _case(held, position)
    ref = _ref(one)
    if ref in hidden_cases():
        return _door(ref)
    with transaction() as session:
        viewed(session, signed_in().actor, "case audit", Subject("referral", ref), now())
    return _page(period, one, ReviewForm())


@blueprint.post("/<key>/<int:position>")
@access(staff_may(Permission.CASE_AUDIT))
def review(key: str, position: int) -> Response:
    period, held = _found(key)
    here = url_for("samples.sample", key=key)
    if (ref := _ref(_case(held, position))) in hidden_cases():
        return _door(ref)
    sample_id, form = held.id, ReviewForm()
    if not form.validate_on_submit():
        return _page(period, _case(held, position), form, 422)
    answers = {one.key: Found(form.answers[one.key].data) for one in QUESTIONS}
    try:
        with transaction() as session:
            if done_before(session, form.nonce.data) is None:
                row = queries.one(session, sample_id, position)
                assert row is not None
                service.review(
                    session, signed_in().actor, signed_in().id, row, answers,
                    Grade(form.grade.data), form.findings.data, now(),
                )  # fmt: skip
                mark_done(session, form.nonce.data, here, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(period, _case(_found(key)[1], position), form, 422)
    flash("Your findings are kept.", "success")
    return go_to(here)


def _month(key: str) -> Period | None:
    typed = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", key)
    return month(int(typed[1]), int(typed[2])) if typed else None


def _found(key: str) -> tuple[Period, AuditSample]:
    period = _month(key)
    held = queries.of_month(reading(), period.start) if period else None
    if period is None or held is None:
        abort(404)
    return period, held


def _case(held: AuditSample, position: int) -> AuditedCase:
    found = queries.one(reading(), held.id, position)
    if found is None:
        abort(404)
    return found


def _ref(row: AuditedCase) -> str:
    return reading().get_one(Referral, row.referral_id).ref


def _door(ref: str) -> Response:
    """What was found in a restricted case is as much its content as the case itself (H2)."""
    return go_to(url_for("restricted.open_case", place="referrals", case_ref=ref))


def _page(period: Period, row: AuditedCase, form: ReviewForm, status: int = 200) -> Response:
    session = reading()
    worked = queries.worked_on(session, [row.referral_id]).get(row.referral_id, set())
    return respond(
        "quality/audited_case.html",
        status=status,
        period=period,
        case=row,
        ref=_ref(row),
        questions=QUESTIONS,
        answers={key: Found(value).label for key, value in row.answers.items()},
        own=signed_in().id in worked,
        form=form,
    )
