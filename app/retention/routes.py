"""The archive: what is to be reviewed, what is held, and one case's own page (H8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed, viewed_together
from app.audit.types import Actor
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.restricted.hidden import WORDS, hidden_cases, masked
from app.meetings.routes import once
from app.protocols.working_days import end_of_day
from app.retention import cases, queries, service
from app.retention.forms import ApproveForm, CaseForm
from app.retention.page import CasePage, case_page, lists_page
from app.retention.types import CaseKey, CaseKind
from app.web.access import access
from app.web.forms import OnceForm
from app.web.htmx import go_to, respond

blueprint = Blueprint("retention", __name__)
REVIEW = staff_may(Permission.CASE_CLOSE)
_GOES = "It is deleted after two weeks, unless that is taken back."
_LONGER = (
    "Counted again, the rule keeps it longer: a birthday was put right, or the protocol was "
    "changed. It is not deleted."
)
Act = Callable[[Session, Actor, CaseKey, CaseForm, datetime], None]


@blueprint.get("/retention")
@access(REVIEW)
def lists() -> Response:
    page = lists_page(reading(), now())
    hidden = hidden_cases()
    seen = [
        CaseKey(CaseKind(one.kind), one.ref).subject for one in page.cases if one.ref not in hidden
    ]
    # Until when a case is kept follows from a birthday.
    line: dict[str, Any] = {"closed": "", "until": "", "why": WORDS}
    page = replace(
        page,
        due=tuple(masked(page.due, **line)),
        held=tuple(masked(page.held, since="", why=WORDS)),
        approved=tuple(masked(page.approved, **line)),
    )
    with transaction() as session:
        viewed_together(session, signed_in().actor, "archive", seen, now())
    return respond("retention/lists.html", page=page)


@blueprint.get("/referrals/<ref>/retention", endpoint="referral_case")
@blueprint.get("/discussions/<ref>/retention", endpoint="meeting_case")
@blueprint.get("/domestic-abuse/<ref>/retention", endpoint="abuse_case")
@blueprint.get("/referrals/<ref>/as-sent/retention", endpoint="form_case")
@access(REVIEW)
def case(ref: str) -> Response:
    return _page(_looked_at(ref), CaseForm(formdata=None))


@blueprint.post("/referrals/<ref>/retention", endpoint="referral_change")
@blueprint.post("/discussions/<ref>/retention", endpoint="meeting_change")
@blueprint.post("/domestic-abuse/<ref>/retention", endpoint="abuse_change")
@blueprint.post("/referrals/<ref>/as-sent/retention", endpoint="form_change")
@access(REVIEW)
def change(ref: str) -> Response:
    """Close it, open it again, hold it, lift the hold, keep it longer, take an approval back."""
    key, form = _looked_at(ref), CaseForm()
    act, done = _ACTS.get(form.do.data or "", (None, ""))
    if act is None:
        abort(400)
    if not form.validate_on_submit():
        return _page(key, form)
    actor, moment = signed_in().actor, now()

    def acted(session: Session) -> str:
        act(session, actor, key, form, moment)
        return _here(key)

    return _answer(key, form, once(form, acted), done)


@blueprint.route(
    "/referrals/<ref>/retention/delete", methods=["GET", "POST"], endpoint="referral_approve"
)
@blueprint.route(
    "/discussions/<ref>/retention/delete", methods=["GET", "POST"], endpoint="meeting_approve"
)
@blueprint.route(
    "/domestic-abuse/<ref>/retention/delete", methods=["GET", "POST"], endpoint="abuse_approve"
)
@blueprint.route(
    "/referrals/<ref>/as-sent/retention/delete", methods=["GET", "POST"], endpoint="form_approve"
)
@access(staff_may(Permission.CASE_CLOSE, fresh=True))
def approve(ref: str) -> Response:
    """The review: read what goes, say why, with password and code given again."""
    key, form = _looked_at(ref), ApproveForm()
    if form.validate_on_submit():
        actor, moment = signed_in().actor, now()

        said = []

        def acted(session: Session) -> str:
            goes = service.approve(session, actor, key, form.reason.data or "", moment)
            said.append(_GOES if goes else _LONGER)
            return _here(key)

        location = once(form, acted)
        if location is not None:
            flash(said[0] if said else _GOES, "success")
            return go_to(location)
    page = _shown(key)
    return respond(
        "retention/approve.html", status=422 if form.errors else 200, page=page, form=form
    )


def _close(s: Session, actor: Actor, key: CaseKey, form: CaseForm, at: datetime) -> None:
    service.close(s, actor, key, at)


def _reopen(s: Session, actor: Actor, key: CaseKey, form: CaseForm, at: datetime) -> None:
    service.reopen(s, actor, key, form.reason.data, at)


def _hold(s: Session, actor: Actor, key: CaseKey, form: CaseForm, at: datetime) -> None:
    service.hold(s, actor, key, form.reason.data, at)


def _lift(s: Session, actor: Actor, key: CaseKey, form: CaseForm, at: datetime) -> None:
    service.lift(s, actor, key, form.reason.data, at)


def _longer(s: Session, actor: Actor, key: CaseKey, form: CaseForm, at: datetime) -> None:
    until = form.until.data
    if not isinstance(until, date):
        raise Refused("until", "Enter the day until which it is kept")
    service.keep_longer(s, actor, key, end_of_day(until), form.reason.data, at)


def _withdraw(s: Session, actor: Actor, key: CaseKey, form: CaseForm, at: datetime) -> None:
    service.withdraw(s, actor, key, form.reason.data, at)


_ACTS: dict[str, tuple[Act, str]] = {
    "close": (_close, "The case is closed and in the archive."),
    "reopen": (_reopen, "The case is open again."),
    "hold": (_hold, "A legal hold is on the case: nothing deletes it."),
    "lift": (_lift, "The legal hold is lifted."),
    "longer": (_longer, "The case is kept longer."),
    "withdraw": (_withdraw, "The case is not deleted."),
}


def _looked_at(ref: str) -> CaseKey:
    """The case, once the audit knows who looks at it (H3); 404 where there is none. A discussion
    that came from a referral belongs to the referral's case."""
    kind = CaseKind((request.endpoint or "").rpartition(".")[2].partition("_")[0])
    key = CaseKey(kind, ref)
    seen = key.subject
    if kind is CaseKind.MEETING:
        key = cases.case_of_meeting(reading(), ref)
    there = cases.rows_of(reading(), key) is not None
    if not there and queries.gone(reading(), ref) is None:
        abort(404)
    with transaction() as session:
        viewed(session, signed_in().actor, "retention", seen, now())
    return key


def _here(key: CaseKey) -> str:
    return url_for(f".{key.kind.value}_case", ref=key.ref)


def _answer(key: CaseKey, form: OnceForm, location: str | None, done: str) -> Response:
    if location is None:
        assert isinstance(form, CaseForm)
        return _page(key, form)
    flash(done, "success")
    return go_to(location)


def _page(key: CaseKey, form: CaseForm) -> Response:
    page = _shown(key)
    return respond("retention/case.html", status=422 if form.errors else 200, page=page, form=form)


def _shown(key: CaseKey) -> CasePage:
    """The page of a case. What keeps it may be a hold on another case about its children, which is
    not for everybody (H2)."""
    page = case_page(reading(), key, signed_in().actor.id, now()) or abort(404)
    return replace(page, holds=tuple(masked(page.holds, by="", why=WORDS)))
