"""A form that went by link and code: whoever opened it reads it and answers (C6, F5)."""

from __future__ import annotations

from flask import Response, abort, flash, g, make_response, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests.blueprint import blueprint
from app.guests.forms import FormAnswerForm, IntroduceForm
from app.guests.visitors import closed, session_token
from app.invitations import service as invitations
from app.invitations.queries import guest_by_session
from app.invitations.types import Guest
from app.meetings.models import Meeting
from app.meetings.papers import service as papers
from app.meetings.papers.models import SentForm
from app.meetings.papers.queries import form_by_invitation
from app.meetings.papers.types import FormState
from app.web import own_page
from app.web.access import access
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done


class FormReader:
    """Somebody whose code opened a session for a form, while its link is neither replaced nor
    expired (D3)."""

    limits_floods = False  # strangers are turned away below, before anything is done

    def __init__(self, *, unnamed: bool = False) -> None:
        self.unnamed = unnamed

    def describe(self) -> str:
        return "form reader: own form"

    def refuse(self) -> ResponseReturnValue | None:
        token = session_token()
        g.form_reader = guest_by_session(reading(), token, now()) if token else None
        if g.form_reader is None or _form(reading()) is None:
            return closed()
        here = url_for("guests.form")
        own = own_page.of_another("invitation", g.form_reader.invitation_id, here)
        if own is not None:
            return own
        if g.form_reader.must_introduce and not self.unnamed:
            return go_to(here)
        return None


@blueprint.get("/form")
@access(FormReader(unnamed=True))
def form() -> Response:
    reader = _reader()
    if reader.must_introduce:
        return _introduce(IntroduceForm())
    _look("form")
    who = ", ".join(part for part in (reader.person_name, reader.person_role) if part)
    return _page(FormAnswerForm(formdata=None, data={"who": who}))


@blueprint.post("/form/name")
@access(FormReader(unnamed=True))
def introduce_to_form() -> Response:
    """A desk's address: whoever opens the form gives name and role first (D3)."""
    typed = IntroduceForm()
    if not _reader().must_introduce:
        return go_to(url_for("guests.form"))
    if not typed.validate_on_submit():
        return _introduce(typed, 422)
    with transaction() as session:
        invitations.introduce(session, _reader(), typed.name.data, typed.role.data, now())
    return go_to(url_for("guests.form"))


@blueprint.get("/form.pdf")
@access(FormReader())
def form_file() -> Response:
    """The form itself, always as a download."""
    _look("form as PDF")
    held = _form(reading()) or abort(404)
    response = make_response(held.pdf)
    response.mimetype = "application/pdf"
    response.headers.set("Content-Disposition", "attachment", filename="form.pdf")
    return response


@blueprint.post("/form")
@access(FormReader())
def answer_form() -> Response:
    typed = FormAnswerForm()
    if not typed.validate_on_submit():
        return _page(typed, 422)
    act = papers.refuse if typed.do.data == "refuse" else papers.acknowledge
    said = f"{typed.who.data}: {typed.words.data}".removesuffix(": ")
    here, moment = url_for("guests.form"), now()
    try:
        with transaction() as session:
            if not done_before(session, typed.nonce.data):
                held = _form(session) or abort(404)
                ref = session.get_one(Meeting, held.meeting_id).ref
                act(session, _reader().actor, ref, held.kind, said, moment)
                mark_done(session, typed.nonce.data, here, moment)
    except Refused as refusal:
        typed.add_error("words", refusal.message)
        return _page(typed, 422)
    flash("Your answer has reached the desk.", "success")
    return go_to(here)


def _introduce(typed: IntroduceForm, status: int = 200) -> Response:
    there = url_for("guests.introduce_to_form")
    return respond("guests/introduce.html", status=status, form=typed, there=there)


def _reader() -> Guest:
    reader: Guest = g.form_reader
    return reader


def _form(session: Session) -> SentForm | None:
    return form_by_invitation(session, _reader().invitation_id)


def _look(page: str) -> None:
    with transaction() as session:
        held = _form(session) or abort(404)
        ref = session.get_one(Meeting, held.meeting_id).ref
        viewed(session, _reader().actor, page, Subject("meeting", ref), now())


def _page(typed: FormAnswerForm, status: int = 200) -> Response:
    session = reading()
    held = _form(session) or abort(404)
    return respond(
        "guests/form.html",
        status=status,
        form=typed,
        name=held.name,
        ref=session.get_one(Meeting, held.meeting_id).ref,
        waits=held.state is FormState.SENT,
        answered=held.state.label,
        reply=held.reply or "",
    )
