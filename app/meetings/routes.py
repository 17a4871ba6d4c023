"""One discussion at a glance, and what staff note down for an invitee (C8, D5, D7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.handed import Handed
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.uploads import Upload, checked_upload
from app.meetings import answers, queries
from app.meetings.beside import still_booked, took_place_since
from app.meetings.earlier_reports import earlier_reports
from app.meetings.forms import AnswerForm, ColleagueForm, ReportForm
from app.meetings.joined.queries import joined_since, unspoken
from app.meetings.models import Invitee, Meeting
from app.meetings.overview import Overview, overview_of
from app.meetings.restricted.hidden import WORDS, masked
from app.meetings.types import Answer, MeetingState, ReportVia, TakenBack
from app.referrals.checks.shown import answered_on
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.forms import OnceForm
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("meetings", __name__)

# Whether the newest version of the record was recalled, and how that stands. Records know, which
# stand above meetings.
RECORD_TAKEN_BACK = Handed[Callable[[Session, int], TakenBack | None]]("record_taken_back")

STALE = "Somebody else changed this in the same moment: check what it says now and send it again"


def meeting_or_404(session: Session, ref: str) -> Meeting:
    meeting = queries.meeting_by_ref(session, ref)
    if meeting is None:
        abort(404)
    return meeting


def note_view(ref: str, page: str) -> MeetingState:
    """A page of a discussion is about to be sent: its row is committed before (H3).

    Answers the state it is in; 404 where there is none.
    """
    with transaction() as session:
        state = queries.state_of(session, ref)
        if state is None:
            abort(404)
        viewed(session, signed_in().actor, page, Subject("meeting", ref), now())
    return state


def note_view_of(ref: str, page: str) -> None:
    """The same for a discussion that was just read: nothing is asked again."""
    with transaction() as session:
        viewed(session, signed_in().actor, page, Subject("meeting", ref), now())


def once(form: OnceForm, act: Callable[[Session], str]) -> str | None:
    """Act on a form once and return where to go, or None where a rule refused; then the refusal
    stands by its field. A form sent twice leads to what the first sending did."""
    nonce = form.nonce.data
    try:
        with transaction() as session:
            before = done_before(session, nonce)
            if before is not None:
                return before
            location = act(session)
            mark_done(session, nonce, location, now())
            return location
    except (Refused, IntegrityError, StaleDataError) as error:
        before = done_before(reading(), nonce)
        if before is not None:
            return before
        if isinstance(error, IntegrityError):
            raise
        refused = error if isinstance(error, Refused) else Refused("", STALE)
        if refused.field and refused.field.partition("-")[0] in form:
            form.add_error(refused.field, refused.message)
        else:
            form.form_errors.append(refused.message)
        return None


@blueprint.get("/discussions/<ref>")
@access(staff_may(Permission.DISCUSSION_SEE))
def overview(ref: str) -> Response:
    note_view(ref, "discussion")
    session = reading()
    view = _view(session, ref)
    asked = answered_on(session, view.meeting.referral_id, now())
    return respond("meetings/overview/page.html", view=view, asked=asked, **_beside(view.meeting))


@blueprint.get("/discussions/<ref>/now")
@access(staff_may(Permission.DISCUSSION_SEE))
def overview_now(ref: str) -> Response:
    """The same again every twenty seconds while it is on the screen; one view, not many."""
    session = reading()
    view = _view(session, ref)
    return respond(
        "meetings/overview/page.html",
        "meetings/overview/_state.html",
        view=view,
        **_beside(view.meeting),
    )


def _view(session: Session, ref: str) -> Overview:
    meeting = meeting_or_404(session, ref)
    signed = meeting.state is MeetingState.SIGNED
    taken_back = RECORD_TAKEN_BACK.here()(session, meeting.id) if signed else None
    return overview_of(session, meeting, signed_in(), now(), taken_back)


@blueprint.route("/discussions/<ref>/invitees/<int:invitee_id>/answer", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def answer(ref: str, invitee_id: int) -> Response:
    """An answer that was told by telephone."""
    form = AnswerForm()
    invitee = _invitee_or_404(reading(), ref, invitee_id)
    if form.validate_on_submit():
        actor, moment = signed_in().actor, now()

        def act(session: Session) -> str:
            held = _invitee_or_404(session, ref, invitee_id, locked=True)
            given = Answer(form.answer.data)
            answers.answer(session, held, given, form.note.data or None, actor, moment)
            return url_for("meetings.overview", ref=ref)

        location = once(form, act)
        if location is not None:
            flash("The answer is noted.", "success")
            return go_to(location)
        invitee = _invitee_or_404(reading(), ref, invitee_id)
    return respond(
        "meetings/overview/answer.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=invitee.meeting,
        invitee=invitee,
    )


@blueprint.route("/discussions/<ref>/invitees/<int:invitee_id>/colleague", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def colleague(ref: str, invitee_id: int) -> Response:
    """A colleague comes instead, as was told by telephone (C5, D4)."""
    form = ColleagueForm()
    invitee = _invitee_or_404(reading(), ref, invitee_id)
    if form.validate_on_submit():
        actor, moment = signed_in().actor, now()
        named = answers.Deputy(
            form.name.data,
            form.email.data,
            form.role.data,
            form.telephone.data,
            checked=bool(form.checked.data),
            decides=form.decides.data == "yes",
            after_all=bool(form.after_all.data),
        )

        def act(session: Session) -> str:
            held = _invitee_or_404(session, ref, invitee_id, locked=True)
            answers.name_deputy(session, held, named, sender(), actor, moment)
            return url_for("meetings.overview", ref=ref)

        location = once(form, act)
        if location is not None:
            written = named.email and answers.asks_by_letter(invitee.meeting)
            told = "is invited" if written else "is on the list: telephone them now"
            flash(f"{named.name} comes instead and {told}.", "success")
            return go_to(location)
        invitee = _invitee_or_404(reading(), ref, invitee_id)
    return respond(
        "meetings/overview/colleague.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=invitee.meeting,
        invitee=invitee,
    )


@blueprint.route("/discussions/<ref>/invitees/<int:invitee_id>/report", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def add_report(ref: str, invitee_id: int) -> Response:
    """A report that came by secure email or was told by telephone (D5)."""
    form = ReportForm()
    invitee = _invitee_or_404(reading(), ref, invitee_id)
    if form.validate_on_submit():
        actor, moment = signed_in().actor, now()
        # Before the change begins: a scanner may take seconds, and nobody else could write.
        upload, refused = _upload(form)

        def act(session: Session) -> str:
            if refused is not None:
                raise refused
            held = _invitee_or_404(session, ref, invitee_id)
            via = ReportVia(form.via.data)
            answers.add_report(session, held, form.body.data, upload, via, actor, moment)
            return url_for("meetings.overview", ref=ref)

        location = once(form, act)
        if location is not None:
            flash("The report is kept for the chair.", "success")
            return go_to(location)
        invitee = _invitee_or_404(reading(), ref, invitee_id)
    return respond(
        "meetings/overview/report.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=invitee.meeting,
        invitee=invitee,
    )


@blueprint.get("/discussions/<ref>/reports/<int:report_id>")
@access(staff_may(Permission.DISCUSSION_SEE))
def report(ref: str, report_id: int) -> Response:
    """One report: the file as it was sent, or the typed words."""
    session = reading()
    meeting = meeting_or_404(session, ref)
    if queries.report(session, meeting.id, report_id) is None:
        abort(404)
    note_view(ref, f"report {report_id}")
    session = reading()
    held = queries.report(session, meeting_or_404(session, ref).id, report_id)
    if held is None:
        abort(404)
    if held.file is None:
        invitee = queries.invitee(session, meeting.id, held.invitee_id)
        return respond(
            "meetings/overview/typed_report.html",
            meeting=meeting_or_404(session, ref),
            report=held,
            invitee=invitee,
        )
    response = make_response(held.file)
    # Never shown by the browser itself: what a stranger sent is saved, then opened.
    response.headers["Content-Type"] = held.media_type or "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=held.file_name or "report")
    return response


def _beside(meeting: Meeting) -> dict[str, Any]:
    """What other discussions about the same children mean for this one."""
    session = reading()
    over = meeting.state in (MeetingState.ENDED, MeetingState.SIGNED)
    return {
        "earlier": masked(earlier_reports(session, meeting), who=WORDS, words="", received_at=None),
        "still_booked": masked(still_booked(session, meeting), at=None),
        "since": masked(took_place_since(session, meeting), at=None),
        "joined": joined_since(session, meeting),
        "unspoken": unspoken(session, [meeting.id]).get(meeting.id, []) if over else [],
    }


def _upload(form: ReportForm) -> tuple[Upload | None, Refused | None]:
    """The file that was sent, checked, or why it is refused."""
    sent = form.file.data
    try:
        return (checked_upload(sent.filename or "", sent.read()) if sent else None), None
    except Refused as refusal:
        return None, refusal


def _invitee_or_404(
    session: Session, ref: str, invitee_id: int, *, locked: bool = False
) -> Invitee:
    meeting = meeting_or_404(session, ref)
    invitee = queries.invitee(session, meeting.id, invitee_id)
    if locked and invitee is not None:
        invitee = queries.invitee_for_change(session, invitee.id)
    if invitee is None or invitee.removed_at is not None:
        abort(404)
    return invitee
