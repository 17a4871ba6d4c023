"""The record: what is missing, signing, correcting, circulating, verifying."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, flash, request, send_file, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.crypto import UnreadableField
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.queries import council
from app.meetings.joined.queries import Unspoken, unspoken
from app.meetings.models import Meeting
from app.meetings.queries import meeting_by_ref, meeting_for_change
from app.meetings.types import MeetingState
from app.records import pages, queries, releasing, rules, service, worker
from app.records.circulate_page import circulate_page
from app.records.document.canonical import CanonicalError
from app.records.document.render import render_draft
from app.records.document.seal import Sealer, SealError
from app.records.filing.queries import of_meeting
from app.records.forms import (
    CorrectForm,
    PressForm,
    ReasonForm,
    SignForm,
    VerifyForm,
    release_form,
)
from app.records.keys import UnreadableRecord, cipher_of
from app.records.sealing import certificates_of, ensure_example_seal, sealer_of
from app.records.verification import verify_file
from app.web.access import Everyone, access
from app.web.forms import add_refusal
from app.web.htmx import go_to, respond, wants_fragment
from app.web.numbers import whole, whole_or_none

blueprint = Blueprint("records", __name__)

SEE = staff_may(Permission.RECORD_SEE)
SIGN = staff_may(Permission.RECORD_SIGN)
CIRCULATE = staff_may(Permission.RECORD_CIRCULATE)


@blueprint.get("/discussions/<ref>/record")
@access(SEE)
def gate(ref: str) -> Response:
    meeting = _looked_at(ref, "record")
    return respond(
        "records/gate.html",
        page=pages.gate_page(reading(), meeting, now()),
        unspoken=_unspoken(meeting),
        press=PressForm(),
    )


@blueprint.get("/discussions/<ref>/record/draft.pdf")
@access(SEE)
def draft(ref: str) -> Response:
    """How the record, or one reader's copy of it, would look; it is not kept."""
    meeting = _looked_at(ref, "draft of the record")
    if meeting.started_at is None or meeting.state is MeetingState.SIGNED:
        abort(404)
    reader = request.args.get("reader", type=whole)
    copy = pages.draft_for(reading(), meeting, reader, now())
    if copy is None:
        abort(404)
    reading().rollback()  # printing takes a second: nothing is held open meanwhile
    return _pdf(render_draft(copy), f"draft-{ref}.pdf")


@blueprint.get("/discussions/<ref>/record/<int:number>.pdf")
@access(SEE)
def version_pdf(ref: str, number: int) -> Response:
    """The council's own full copy of a signed version, made now if the worker was not there yet."""
    meeting = _looked_at(ref, f"record, version {number}")
    version = queries.version_of(reading(), meeting.id, number)
    if version is None:
        abort(404)
    version_id, key_id = version.id, version.key_id
    if not queries.has_copy(reading(), version_id, None):
        try:
            worker.make_council_copy(SETTINGS.here(), version_id, now())
        except (CanonicalError, UnreadableRecord, UnreadableField):
            flash(f"Version {number} cannot be read. Tell your system administrator at once.")
            return go_to(url_for("records.gate", ref=ref))
    copy = queries.council_copy(reading(), version_id)
    if copy is None:
        abort(503)
    pdf = cipher_of(reading(), key_id).open(copy.pdf)
    return _pdf(pdf, rules.file_name(ref, number))


@blueprint.route("/discussions/<ref>/record/sign", methods=["GET", "POST"])
@access(staff_may(Permission.RECORD_SIGN, fresh=True))
def sign(ref: str) -> Response:
    form, staff = SignForm(), signed_in()
    meeting = _looked_at(ref, "sign-off") if request.method == "GET" else _meeting_or_404(ref)
    if meeting.state is not MeetingState.ENDED:
        return go_to(url_for("records.gate", ref=ref))
    if form.validate_on_submit():
        try:
            sealer = _sealer()
            with transaction() as session:
                service.sign(
                    session,
                    staff,
                    _to_change(session, ref),
                    form.seen.data or "",
                    form.absence_reason.data,
                    sealer,
                    now(),
                )
        except Refused as refusal:
            add_refusal(form, refusal)
        except SealError as error:
            form.form_errors.append(str(error))
        else:
            flash("The record is signed. Check the recipients, then release it.", "success")
            return go_to(url_for("records.circulate", ref=ref))
    page = pages.sign_page(reading(), _meeting_or_404(ref), staff, now())
    form.seen.data = page.seen
    return respond(
        "records/sign.html",
        form=form,
        page=page,
        unspoken=_unspoken(meeting),
        status=422 if form.errors else 200,
    )


@blueprint.route("/discussions/<ref>/record/correct", methods=["GET", "POST"])
@access(SIGN)
def correct(ref: str) -> Response:
    form = CorrectForm()
    meeting = _meeting_or_404(ref)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                service.correct(
                    session, signed_in(), _to_change(session, ref), form.reason.data, now()
                )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            flash("The fields are open again. Sign the corrected record when it is right.")
            return go_to(url_for("records.gate", ref=ref))
    elif not form.errors and meeting.state is not MeetingState.SIGNED:
        return go_to(url_for("records.gate", ref=ref))
    return respond("records/correct.html", form=form, ref=ref, status=422 if form.errors else 200)


@blueprint.post("/discussions/<ref>/record/leave")
@access(SIGN)
def leave(ref: str) -> Response:
    """The signed version stands after all."""
    press = PressForm()
    if press.validate_on_submit():
        try:
            with transaction() as session:
                service.leave_uncorrected(session, signed_in(), _to_change(session, ref), now())
        except Refused as refusal:
            add_refusal(press, refusal)
        else:
            flash("The signed record stands as it was.", "success")
            return go_to(url_for("records.gate", ref=ref))
    meeting = _meeting_or_404(ref)
    page = pages.gate_page(reading(), meeting, now())
    return respond(
        "records/gate.html",
        page=page,
        unspoken=_unspoken(meeting),
        press=press,
        form=press,
        status=422,
    )


@blueprint.route("/discussions/<ref>/record/circulate", methods=["GET", "POST"])
@access(CIRCULATE)
def circulate(ref: str) -> Response:
    # The ledger refreshes itself on the screen; that is the same view, not a new one.
    refreshed = request.method == "GET" and wants_fragment()
    meeting = (
        _meeting_or_404(ref)
        if refreshed or request.method == "POST"
        else _looked_at(ref, "circulation of the record")
    )
    page = circulate_page(reading(), meeting, now())
    readers = [one.recipient.facts for one in page.to_release]
    form = release_form(readers)
    if form.validate_on_submit():
        number = form.number.data or ""
        try:
            with transaction() as session:
                told = releasing.release(
                    session,
                    signed_in(),
                    _to_change(session, ref),
                    whole_or_none(number) or 0,
                    form.withheld(readers),
                    form.checked.data,
                    now(),
                    form.attached(readers),
                )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            flash(f"Released to {told}. The copies are made and sent now.", "success")
            return go_to(url_for("records.circulate", ref=ref))
    if page.version:
        form.number.data = str(page.version.number)
    if request.method == "GET":
        # A correction goes to nobody from whom the version before was kept, unless unticked.
        form.withhold_again(
            {one.recipient.facts.id: one.withheld_before for one in page.to_release}
        )
    return respond(
        "records/circulate.html",
        "records/_ledger.html",
        page=page,
        form=form,
        press=PressForm(),
        filed=[] if refreshed else of_meeting(reading(), meeting.id),
        status=422 if form.errors else 200,
    )


@blueprint.post("/discussions/<ref>/record/circulate/<int:circulation_id>/again")
@access(CIRCULATE)
def send_again(ref: str, circulation_id: int) -> Response:
    press = PressForm()
    if press.validate_on_submit():
        try:
            with transaction() as session:
                releasing.send_again(
                    session, signed_in(), _to_change(session, ref), circulation_id, now()
                )
        except Refused as refusal:
            flash(refusal.message)
        else:
            flash("The link is sent again.", "success")
    return go_to(url_for("records.circulate", ref=ref))


@blueprint.post("/discussions/<ref>/record/circulate/<int:circulation_id>/release")
@access(SIGN)
def release_after_all(ref: str, circulation_id: int) -> Response:
    press = PressForm()
    if press.validate_on_submit():
        try:
            with transaction() as session:
                releasing.release_after_all(
                    session, signed_in(), _to_change(session, ref), circulation_id, now()
                )
        except Refused as refusal:
            flash(refusal.message)
        else:
            flash("Released. The copy is made and sent now.", "success")
    return go_to(url_for("records.circulate", ref=ref))


@blueprint.route(
    "/discussions/<ref>/record/circulate/<int:circulation_id>/withhold", methods=["GET", "POST"]
)
@access(SIGN)
def withhold(ref: str, circulation_id: int) -> Response:
    form = ReasonForm()
    meeting = _meeting_or_404(ref)
    ledgers = circulate_page(reading(), meeting, now()).ledgers[:1]
    lines = (line for ledger in ledgers if ledger.newest for line in ledger.lines)
    line = next((one for one in lines if one.circulation_id == circulation_id), None)
    if line is None:
        abort(404)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                releasing.withhold(
                    session,
                    signed_in(),
                    _to_change(session, ref),
                    circulation_id,
                    form.reason.data,
                    now(),
                )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            flash(f"The copy for {line.name} is withheld.", "success")
            return go_to(url_for("records.circulate", ref=ref))
    return respond(
        "records/withhold.html", form=form, ref=ref, line=line, status=422 if form.errors else 200
    )


@blueprint.route("/verify", methods=["GET", "POST"])
@access(Everyone())
def verify() -> Response:
    """Open to everybody who holds a file; the file is read once and not kept (F7)."""
    form = VerifyForm()
    heading, words, genuine = "", tuple[str, ...](), False
    if form.validate_on_submit():
        given = form.file.data.read() if form.file.data else b""
        if not given:
            form.add_error("file", "Choose the PDF file that is to be checked")
        else:
            try:
                verdict = verify_file(reading(), given, certificates_of(SETTINGS.here()))
            except SealError:
                form.add_error("file", "Files cannot be checked here yet: nothing was ever signed")
            else:
                heading, words = rules.verdict_words(verdict)
                genuine = verdict.genuine
    return respond(
        "records/verify.html",
        form=form,
        heading=heading,
        words=words,
        genuine=genuine,
        status=422 if form.errors else 200,
    )


def _sealer() -> Sealer:
    settings = SETTINGS.here()
    if settings.example:
        ensure_example_seal(settings, council(reading()).authority, now())
    return sealer_of(settings)


def _meeting_or_404(ref: str) -> Meeting:
    meeting = meeting_by_ref(reading(), ref)
    if meeting is None:
        abort(404)
    return meeting


def _looked_at(ref: str, what: str) -> Meeting:
    """The discussion, after the view was written down and committed (H3)."""
    _meeting_or_404(ref)
    with transaction() as session:
        viewed(session, signed_in().actor, what, Subject("meeting", ref), now())
    return _meeting_or_404(ref)


def _unspoken(meeting: Meeting) -> list[Unspoken]:
    """Who joined its referral and is in no discussion (F1)."""
    return unspoken(reading(), [meeting.id]).get(meeting.id, [])


def _to_change(session: Session, ref: str) -> Meeting:
    meeting = meeting_for_change(session, ref)
    if meeting is None:
        abort(404)
    return meeting


def _pdf(content: bytes, name: str) -> Response:
    return send_file(
        BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name
    )
