"""After the code: one page with everything an invited person may read and do (D4, D5)."""

from __future__ import annotations

from flask import Response, abort, flash, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from app.core.clock import now, words_for_time
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.uploads import Upload, checked_upload
from app.guests import queries, service
from app.guests.blueprint import blueprint
from app.guests.earlier_reports import earlier_report
from app.guests.forms import (
    AnswerForm,
    ButtonForm,
    DeputyForm,
    DissentForm,
    GiveAgainForm,
    IntroduceForm,
    ReportForm,
)
from app.guests.page import Page, page_for
from app.guests.rules import time_told
from app.guests.visitors import Guest, close_door, visitor
from app.invitations import service as invitations
from app.meetings.answers import Deputy
from app.meetings.models import Report
from app.meetings.types import ActionState, Answer
from app.records.actions.forms import ProgressForm
from app.referrals.letters_out import sender
from app.web.access import Everyone, access
from app.web.forms import BaseForm, add_refusal
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none
from app.web.once import done_before, mark_done


@blueprint.get("/attend")
@access(Guest(unnamed=True))
def meeting() -> Response:
    if visitor().guest.must_introduce:
        return respond("guests/introduce.html", form=IntroduceForm())
    _look("attend")
    return _page()


@blueprint.post("/attend/name")
@access(Guest(unnamed=True))
def introduce() -> Response:
    if not visitor().guest.must_introduce:
        return go_to(url_for("guests.meeting"))
    form = IntroduceForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                service.introduce(session, visitor(), form.name.data, form.role.data, now())
            return go_to(url_for("guests.meeting"))
        except Refused as refusal:
            add_refusal(form, refusal)
    return respond("guests/introduce.html", status=422, form=form)


@blueprint.post("/attend/answer")
@access(Guest())
def answer() -> Response:
    form = AnswerForm(prefix="answer")
    if form.validate_on_submit():
        said = Answer(form.answer.data)
        try:
            with transaction() as session:
                shown = form.shown.data or ""
                service.answer(session, visitor(), said, form.said_note, shown, now())
            flash("Your answer is noted. You can change it until the meeting ends.", "success")
            return go_to(url_for("guests.meeting"))
        except Refused as refusal:
            add_refusal(form, refusal)
    return _page(status=422, failed=form, answer=form)


@blueprint.post("/attend/report")
@access(Guest())
def report() -> Response:
    form = ReportForm(prefix="report")
    if form.validate_on_submit():
        moment = now()
        try:
            upload = _upload(form)
            with transaction() as session:
                if not (before := done_before(session, form.nonce.data)):
                    instead = bool(form.instead.data)
                    service.add_report(
                        session, visitor(), form.body.data, upload, moment, instead=instead
                    )
                    mark_done(session, form.nonce.data, url_for("guests.meeting"), moment)
                here = _after_a_report(session)
            if not before:
                flash(f"We received your report at {words_for_time(moment)}.", "success")
            return go_to(here)
        except Refused as refusal:
            add_refusal(form, refusal)
    return _page(status=422, failed=form, report=form)


@blueprint.get("/attend/reports/<int:number>")
@access(Guest())
def report_file(number: int) -> Response:
    """The file of one's own report, as it was sent: always as a download."""
    _look("own report")
    return _file(queries.report_of(reading(), visitor(), number))


@blueprint.get("/attend/earlier-reports/<int:number>")
@access(Guest())
def earlier_report_file(number: int) -> Response:
    """The file of a report that the same person sent to an earlier discussion."""
    _look("own earlier report")
    return _file(earlier_report(reading(), visitor(), number))


@blueprint.post("/attend/earlier-reports/<int:number>")
@access(Guest())
def give_again(number: int) -> Response:
    form = GiveAgainForm(prefix=f"again-{number}")
    if not form.validate_on_submit():
        return _page(status=422, failed=form)
    moment = now()
    try:
        with transaction() as session:
            if not (before := done_before(session, form.nonce.data)):
                instead = bool(form.instead.data)
                if not service.give_again(session, visitor(), number, moment, instead=instead):
                    abort(404)
                mark_done(session, form.nonce.data, url_for("guests.meeting"), moment)
            here = _after_a_report(session)
        if not before:
            flash(f"We received your report at {words_for_time(moment)}.", "success")
        return go_to(here)
    except Refused as refusal:
        typed = ReportForm(formdata=None, prefix="report")
        add_refusal(typed, refusal)
    return _page(status=422, failed=typed, report=typed)


@blueprint.post("/attend/colleague")
@access(Guest())
def name_deputy() -> Response:
    form = DeputyForm(prefix="colleague")
    called = queries.meeting_for(reading(), visitor()).at_once
    there = url_for("guests.colleague_invited", called=1 if called else None)
    if form.validate_on_submit():
        moment = now()
        try:
            with transaction() as session:
                if not done_before(session, form.nonce.data):
                    service.name_deputy(
                        session,
                        visitor(),
                        Deputy(
                            form.name.data,
                            form.email.data,
                            form.role.data,
                            checked=bool(form.checked.data),
                            decides=form.decides.data == "yes",
                        ),
                        sender(),
                        moment,
                    )
                    mark_done(session, form.nonce.data, there, moment)
            response = go_to(there)
            close_door(response)
            return response
        except Refused as refusal:
            add_refusal(form, refusal)
    return _page(status=422, failed=form, deputy=form)


@blueprint.get("/attend/colleague-invited")
@access(Everyone())
def colleague_invited() -> Response:
    """After the link has ended: names nobody and nothing. `called` in the address where no letter
    invites the colleague."""
    return respond("guests/colleague_invited.html", called="called" in request.args)


@blueprint.post("/attend/actions/<int:number>")
@access(Guest())
def progress(number: int) -> Response:
    form = ProgressForm(prefix=f"action-{number}")
    if form.validate_on_submit():
        try:
            with transaction() as session:
                done = service.report_progress(
                    session,
                    visitor(),
                    number,
                    ActionState(form.state.data),
                    form.progress.data or "",
                    whole_or_none(form.version.data) or 0,
                    now(),
                )
            if done is None:
                abort(404)
            flash("Thank you. The desk sees how your action stands.", "success")
            return go_to(url_for("guests.meeting", _anchor="actions"))
        except Refused as refusal:
            add_refusal(form, refusal)
    if queries.action_of(reading(), visitor(), number) is None:
        abort(404)
    return _page(status=422, failed=form, actions={number: form})


@blueprint.post("/attend/disagree")
@access(Guest())
def disagree() -> Response:
    form = DissentForm(prefix="disagree")
    here = url_for("guests.meeting", _anchor="disagree")
    if form.validate_on_submit():
        moment = now()
        try:
            with transaction() as session:
                if not done_before(session, form.nonce.data):
                    service.disagree(
                        session, visitor(), form.what.data, form.why.data, sender(), moment
                    )
                    mark_done(session, form.nonce.data, here, moment)
            flash("It is noted that you disagree. The chair is told.", "success")
            return go_to(here)
        except Refused as refusal:
            add_refusal(form, refusal)
    return _page(status=422, failed=form, dissent=form)


@blueprint.post("/attend/leave")
@access(Guest(unnamed=True))
def leave() -> Response:
    form = ButtonForm()
    if not form.validate_on_submit():
        abort(400)
    with transaction() as session:
        invitations.end_session(session, visitor().guest, now())
    response = make_response(render_template("guests/closed.html", typed=[], left=True))
    close_door(response)
    return response


def _look(page: str) -> None:
    """Commit that this person sees the page before it is sent (H3)."""
    with transaction() as session:
        service.look(session, visitor(), page, now())


def _page(
    *,
    status: int = 200,
    failed: BaseForm | None = None,
    answer: AnswerForm | None = None,
    report: ReportForm | None = None,
    deputy: DeputyForm | None = None,
    dissent: DissentForm | None = None,
    actions: dict[int, ProgressForm] | None = None,
) -> Response:
    """The one page, with everything that was typed into the form that failed."""
    if failed is not None:
        _look("attend")
    page = page_for(reading(), visitor())
    given = actions or {}
    forms = {
        own.id: given.get(own.id)
        or ProgressForm(
            formdata=None,
            prefix=f"action-{own.id}",
            data={
                "state": own.state.value,
                "progress": own.progress,
                "version": str(own.version),
            },
        )
        for own in page.actions
    }
    for own in page.actions:
        if own.id in given:
            # The next sending answers what stands on the page now.
            forms[own.id].version.data = str(own.version)
    if answer is None:
        note = {"note": page.answer.note, "held": "note" if page.answer.note else ""}
        answer = AnswerForm(formdata=None, prefix="answer", data=note)
    answer.shown.data = time_told(page.meeting.starts_at, None)
    return respond(
        "guests/attend.html",
        None,
        status,
        page=page,
        form=failed,
        unsent=_without_place(page, failed),
        answer=answer,
        report=report or ReportForm(formdata=None, prefix="report"),
        again={
            own.id: GiveAgainForm(formdata=None, prefix=f"again-{own.id}") for own in page.earlier
        },
        deputy=deputy or DeputyForm(formdata=None, prefix="colleague"),
        dissent=dissent or DissentForm(formdata=None, prefix="disagree"),
        actions=forms,
        person=visitor().guest,
    )


def _without_place(page: Page, failed: BaseForm | None) -> list[str]:
    """What was typed into a form that the page no longer holds, because the meeting has moved on
    meanwhile: shown, so that it can be copied."""
    match failed:
        case AnswerForm() if not page.open.answer:
            typed = [failed.note.data]
        case ReportForm() if not page.open.report:
            typed = [failed.body.data]
        case DissentForm() if not page.open.dissent:
            typed = [failed.what.data, failed.why.data]
        case _:
            typed = []
    return [text for text in typed if text]


def _after_a_report(session: Session) -> str:
    """Where the page opens: at the question whether they take part, while that is open."""
    still_asked = queries.answer_of(session, visitor()).answer is Answer.NONE
    return url_for("guests.meeting", _anchor="answer" if still_asked else "reports")


def _file(found: Report | None) -> Response:
    if found is None or found.file is None:
        abort(404)
    response = make_response(found.file)
    response.mimetype = found.media_type or "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=found.file_name or "report")
    return response


def _upload(form: ReportForm) -> Upload | None:
    sent = form.file.data
    if not sent or not sent.filename:
        return None
    return checked_upload(sent.filename, sent.read())
