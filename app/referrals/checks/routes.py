"""Staff pages of the requests to agencies: ask, answers side by side, chase, withdraw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.forms import PressForm
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals import queries as referrals
from app.referrals import shown as referral_shown
from app.referrals.checks import ending, queries, service, shown
from app.referrals.checks.clock import due_for
from app.referrals.checks.forms import (
    AnswerForm,
    AskForm,
    OpenRequests,
    SendAgainForm,
    WithdrawForm,
)
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.rules import wanted_at_once
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.employers import employers_of
from app.referrals.finding import found
from app.referrals.letters_out import sender
from app.referrals.models import Referral
from app.referrals.of_meetings import DISCUSSION_OVER
from app.referrals.rating.rules import meaning
from app.referrals.types import ChangedMeanwhile
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none
from app.web.once import done_before, mark_done

blueprint = Blueprint("checks", __name__, url_prefix="/referrals/<ref>/checks")
SUGGESTED = (
    "Please look up the children named here, their parents and who lives with them, and tell us "
    "what you hold that bears on their safety: what is known, since when, who works with them, "
    "and what worries you or reassures you."
)


@blueprint.get("")
@access(staff_may(Permission.REFERRAL_SEE))
def checks(ref: str) -> Response:
    held = _viewed(ref, "agency checks")
    moment = now()
    asked = queries.checks_on(reading(), held.id)
    unread = [each.answer.id for one in asked for each in one.answers if each.answer.unread]
    about = queries.asked_about(reading(), held.id) if asked else {}
    return respond(
        "referrals/checks/checks.html",
        referral=held,
        names=_names(held),
        checks=[
            shown.shown_check(
                one, moment, shown.came_since(one.check, held, about.get(one.check.id, ()))
            )
            for one in asked
        ],
        summary=shown.summary(queries.times_on(reading(), held.id), moment),
        unread=max(unread, default=0) if held.outcome is not None else 0,
        left_open=_left_open(held) if asked else [],
        until=shown.until_words(held, asked),
        may_ask=may(Permission.REFERRAL_ASK),
        may_decide=may(Permission.REFERRAL_DECIDE),
        may_rate=may(Permission.REFERRAL_RATE),
    )


@blueprint.get("/ask")
@access(staff_may(Permission.REFERRAL_ASK))
def ask(ref: str) -> Response:
    held = _viewed(ref, "agency checks, ask")
    # Those about whom the suggested words ask.
    near = [one.id for one in held.adults if one.in_household or one.parental_responsibility]
    form = AskForm(data={"version": held.version, "question": SUGGESTED, "adults": near})
    form.find.data = request.args.get("find", "")
    return _ask(held, form)


@blueprint.post("/ask")
@access(staff_may(Permission.REFERRAL_ASK))
def send(ref: str) -> Response:
    held = found(reading(), ref)
    form = AskForm()
    people = directory.active_people(reading())
    form.people.choices = [(person.id, person.name) for person in people]
    form.adults.choices = [(one.id, shown.adult_words(one)) for one in held.adults]
    if request.form.get("press") == "find":
        return _ask(held, form)
    if not form.validate_on_submit():
        return _ask(held, form, status=422)
    here = url_for("checks.checks", ref=held.ref)
    try:
        with transaction() as session:
            if not (before := done_before(session, form.nonce.data)):
                current = found(session, ref)
                told = shown.told_of(current, form.adults.data or (), address=form.address.data)
                service.ask(
                    session, signed_in().actor, current, form.people.data or [],
                    form.question.data, sender(), now(), form.version.data, told,
                )  # fmt: skip
                mark_done(session, form.nonce.data, here, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _ask(held, form, status=422)
    except (ChangedMeanwhile, StaleDataError):
        form.version.data = found(reading(), ref).version
        form.version.raw_data = None
        form.add_error(
            "people",
            "Somebody changed the referral while you were choosing. Nothing was sent: look at it, "
            "then send again",
        )
        return _ask(held, form, status=409)
    if not before:
        flash("The agencies are asked.", "success")
    return go_to(here)


@blueprint.post("/read")
@access(staff_may(Permission.REFERRAL_DECIDE))
def read(ref: str) -> Response:
    """What came in after the decision was read, and the decision stands."""
    newest = whole_or_none(request.form.get("newest", ""))
    if newest is None or not PressForm().validate_on_submit():
        abort(400)
    with transaction() as session:
        service.answers_read(session, signed_in().actor, found(session, ref), now(), newest)
    flash("It is noted that you read them.", "success")
    return go_to(url_for("checks.checks", ref=ref))


@blueprint.route("/after", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ASK))
def after(ref: str) -> Response:
    """What becomes of requests that a discussion has left open."""
    held = found(reading(), ref) if request.method == "POST" else _viewed(ref, "checks left open")
    form, left = OpenRequests(), {one.ref for one in _left_open(held)}
    requests = [one for one in queries.open_named(reading(), held.id) if one.ref in left]
    seen = form.name(requests)
    here = url_for("checks.checks", ref=held.ref)
    over = _over(reading(), held.id)
    if not requests or over is None:
        return go_to(here)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                ending.settle_left_open(
                    session,
                    signed_in().actor,
                    found(session, ref),
                    form.after(seen),
                    over,
                    sender(),
                    now(),
                )
            flash("It is noted what becomes of the open requests.", "success")
            return go_to(here)
        except Refused as refusal:
            form.add_error(refusal.field, refusal.message)
    return respond(
        "referrals/checks/after.html",
        status=422 if form.errors else 200,
        form=form,
        referral=held,
        requests=requests,
        names=_names(held),
    )


@blueprint.post("/<check_ref>/remind")
@access(staff_may(Permission.REFERRAL_ASK))
def remind(ref: str, check_ref: str) -> Response:
    _check(reading(), ref, check_ref)
    try:
        with transaction() as session:
            _, check = _check(session, ref, check_ref)
            service.remind(session, signed_in().actor, check, sender(), now())
        flash("A reminder is on its way.", "success")
    except Refused as refusal:
        flash(refusal.message, "problem")
    return go_to(url_for("checks.checks", ref=ref))


@blueprint.route("/<check_ref>/answer", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ASK))
def answer(ref: str, check_ref: str) -> Response:
    held, check = _check(reading(), ref, check_ref)
    form = AnswerForm(data={"seen": queries.newest_answer(reading(), check.id)})
    here = url_for("checks.checks", ref=held.ref)
    if form.validate_on_submit():
        given = AnswerGiven(
            Held(form.held.data), form.words.data, form.by_name.data, form.by_role.data,
            AnswerVia(form.via.data),
        )  # fmt: skip
        try:
            with transaction() as session:
                if not (before := done_before(session, form.nonce.data)):
                    _, current = _check(session, ref, check_ref)
                    service.answer(
                        session, signed_in().actor, current, given, now(), form.seen.data
                    )
                    mark_done(session, form.nonce.data, here, now())
            if not before:
                flash("The answer is kept.", "success")
            return go_to(here)
        except Refused as refusal:
            form.add_error(refusal.field, refusal.message)
        except (ChangedMeanwhile, StaleDataError):
            form.seen.data = queries.newest_answer(reading(), check.id)
            form.seen.raw_data = None
            form.add_error(
                "words",
                "Somebody has kept an answer of this agency since you opened this page: read it "
                "above, then keep yours if it adds to it",
            )
    return _one("answer", held, check, form)


@blueprint.route("/<check_ref>/withdraw", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ASK))
def withdraw(ref: str, check_ref: str) -> Response:
    held, check = _check(reading(), ref, check_ref)
    form = WithdrawForm(data={"version": check.version})
    if form.validate_on_submit():
        with _said_in(form, ref, check_ref, "reason"):
            with transaction() as session:
                _, current = _check(session, ref, check_ref)
                ending.withdraw(
                    session,
                    signed_in().actor,
                    current,
                    form.reason.data,
                    sender(),
                    now(),
                    form.version.data,
                )
            flash(
                "The request is withdrawn, and the agency is told by mail. Its link says so too.",
                "success",
            )
            return go_to(url_for("checks.checks", ref=ref))
    return _one("withdraw", held, check, form)


@blueprint.route("/<check_ref>/send-again", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ASK))
def send_again(ref: str, check_ref: str) -> Response:
    held, check = _check(reading(), ref, check_ref)
    email = queries.address_of(reading(), check)
    form = SendAgainForm(data={"version": check.version, "email": email})
    here = url_for("checks.checks", ref=held.ref)
    about = queries.asked_about(reading(), held.id).get(check.id, set())
    if form.validate_on_submit():
        with _said_in(form, ref, check_ref, "email"):
            with transaction() as session:
                if not (before := done_before(session, form.nonce.data)):
                    _, current = _check(session, ref, check_ref)
                    service.send_again(
                        session, signed_in().actor, current, form.email.data, sender(), now(),
                        form.version.data, with_changes=form.with_changes.data,
                    )  # fmt: skip
                    mark_done(session, form.nonce.data, here, now())
            if not before:
                flash("The request is sent again.", "success")
            return go_to(here)
    return _one("send_again", held, check, form, since=shown.came_since(check, held, about))


@contextmanager
def _said_in(
    form: SendAgainForm | WithdrawForm, ref: str, check_ref: str, field: str
) -> Iterator[None]:
    """A refusal stands beside its field; that somebody was first beside `field`."""
    try:
        yield
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
    except (ChangedMeanwhile, StaleDataError):
        form.version.data = _check(reading(), ref, check_ref)[1].version
        form.version.raw_data = None
        form.add_error(
            field, "This request was answered or chased meanwhile: look, then press again"
        )


def _one(
    page: str,
    held: Referral,
    check: AgencyCheck,
    form: AnswerForm | SendAgainForm | WithdrawForm,
    since: Sequence[str] = (),
) -> Response:
    status = 422 if form.errors else 200
    agency = directory.agency(reading(), check.agency_id)
    return respond(
        f"referrals/checks/{page}.html",
        status=status,
        form=form,
        referral=held,
        check=check,
        since=since,
        earlier=shown.shown_answers(reading(), check.id) if page == "answer" else (),
        agency=agency.name if agency else "",
        names=_names(held),
    )


def _ask(held: Referral, form: AskForm, status: int = 200) -> Response:
    session = reading()
    involved = referrals.involved_with(session, [row.child_id for row in held.children])
    ids = {one.professional.id for one in involved}
    everybody = directory.active_people(session)
    chosen = set(form.people.data or [])
    words = form.find.data or ""
    hits = {one.id for one in directory.search_people(session, words)} if words else set()
    offered = [
        one for one in everybody if one.id in ids | chosen | hits or (one.is_team and not words)
    ]
    choices = shown.choices_of(
        offered,
        ids,
        employers_of(held.adults),
        queries.waited_for(session, held.id),
    )
    form.people.choices = [(one.id, one.label) for one in choices]
    form.adults.choices = [(one.id, shown.adult_words(one)) for one in held.adults]
    protocol = active(directory.council(session).protocol_id)
    due = due_for(session, protocol, held)
    return respond(
        "referrals/checks/ask.html",
        status=status,
        form=form,
        referral=held,
        names=_names(held),
        hints={one.id: one.hint for one in choices if one.hint},
        due=due,
        at_once=wanted_at_once(now(), due.at),
        meaning=meaning(protocol, held.rating) if held.rating else "",
        nothing_found=bool(words) and not hits,
        unknown=shown.not_to_be_told_apart(held),
        has_address=any(row.child.address for row in held.children),
    )


def _left_open(held: Referral) -> list[AgencyCheck]:
    return queries.left_open(reading(), held, _over(reading(), held.id))


def _over(session: Session, referral_id: int) -> datetime | None:
    """When a discussion of the referral last ended."""
    return DISCUSSION_OVER.here()(session, referral_id)


def _names(held: Referral) -> str:
    return referral_shown.names_of(row.child for row in held.children)


def _check(session: Session, ref: str, check_ref: str) -> tuple[Referral, AgencyCheck]:
    """A request of this referral, else no such page: never one of another."""
    held = found(session, ref)
    return held, queries.check_of(session, held.id, check_ref) or abort(404)


def _viewed(ref: str, page: str) -> Referral:
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, page, Subject("referral", held.ref), now())
    return found(reading(), ref)
