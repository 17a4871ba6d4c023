"""A form to another agency: seen, sent, followed through (C5, C6)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, make_response, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.directory.queries import council
from app.meetings.papers import queries, service
from app.meetings.papers.forms import ChaseForm, ReplyForm, SendForm
from app.meetings.papers.page import page_of, paper_of
from app.meetings.papers.printing import printed, shape
from app.meetings.routes import meeting_or_404, note_view, once
from app.protocols.registry import active
from app.protocols.types import FormKind, NamedForm
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.forms import OnceForm
from app.web.htmx import go_to, respond

blueprint = Blueprint("papers", __name__)
BOOK = staff_may(Permission.DISCUSSION_BOOK)


@blueprint.get("/discussions/<ref>/forms/<kind>")
@access(BOOK)
def form(ref: str, kind: str) -> Response:
    named = _named(reading(), kind)
    note_view(ref, f"form {kind}")
    return _page(ref, named, SendForm())


@blueprint.get("/discussions/<ref>/forms/<kind>/now")
@access(BOOK)
def form_now(ref: str, kind: str) -> Response:
    """How it stands, again every twenty seconds while it is on the screen."""
    return _page(ref, _named(reading(), kind), SendForm(), fragment=True)


@blueprint.post("/discussions/<ref>/forms/<kind>/preview")
@access(BOOK)
def preview(ref: str, kind: str) -> Response:
    """The PDF as it would be sent, with what is typed so far."""
    named, typed = _named(reading(), kind), SendForm()
    if not typed.validate_on_submit():
        return _page(ref, named, typed)
    note_view(ref, f"form {kind} as PDF")
    session = reading()
    paper = paper_of(session, meeting_or_404(session, ref), named, typed.note.data, now())
    return _pdf(printed(paper))


@blueprint.post("/discussions/<ref>/forms/<kind>")
@access(BOOK)
def send(ref: str, kind: str) -> Response:
    named, typed = _named(reading(), kind), SendForm()
    if not typed.validate_on_submit():
        return _page(ref, named, typed)
    staff, moment, here = signed_in(), now(), _here(ref, kind)
    session = reading()
    # Printed before the transaction: laying out pages takes longer than a change may.
    pdf = printed(paper_of(session, meeting_or_404(session, ref), named, typed.note.data, moment))

    def act(session: Session) -> str:
        service.send(session, staff, ref, named, pdf, sender(), moment)
        return here

    return _done(ref, named, typed, once(typed, act), f"{named.name} is on its way.")


@blueprint.post("/discussions/<ref>/forms/<kind>/acknowledged")
@access(BOOK)
def acknowledged(ref: str, kind: str) -> Response:
    """They have it, as told by telephone or in a reply."""
    named, typed = _named(reading(), kind), ReplyForm()
    if not typed.validate_on_submit():
        return _page(ref, named, typed)
    actor, moment, here = signed_in().actor, now(), _here(ref, kind)

    def act(session: Session) -> str:
        service.acknowledge(session, actor, ref, named.kind, typed.reply.data, moment)
        return here

    return _done(ref, named, typed, once(typed, act), "Noted as acknowledged.")


@blueprint.post("/discussions/<ref>/forms/<kind>/refused")
@access(BOOK)
def refused(ref: str, kind: str) -> Response:
    named, typed = _named(reading(), kind), ReplyForm()
    if not typed.validate_on_submit():
        return _page(ref, named, typed)
    actor, moment, here = signed_in().actor, now(), _here(ref, kind)

    def act(session: Session) -> str:
        service.refuse(session, actor, ref, named.kind, typed.reply.data, moment)
        return here

    return _done(ref, named, typed, once(typed, act), "Noted as refused, with the reasons.")


@blueprint.post("/discussions/<ref>/forms/<kind>/chase")
@access(BOOK)
def chase(ref: str, kind: str) -> Response:
    named, typed = _named(reading(), kind), ChaseForm()
    if not typed.validate_on_submit():
        return _page(ref, named, typed)
    staff, moment, here = signed_in(), now(), _here(ref, kind)

    def act(session: Session) -> str:
        service.chase(session, staff, ref, named.kind, sender(), moment)
        return here

    return _done(ref, named, typed, once(typed, act), "Sent again.")


@blueprint.get("/discussions/<ref>/forms/<kind>/sent/<int:number>.pdf")
@access(BOOK)
def sent(ref: str, kind: str, number: int) -> Response:
    """A form as it went out."""
    named = _named(reading(), kind)
    note_view(ref, f"form {kind} {number} as PDF")
    session = reading()
    held = queries.sent_form(session, meeting_or_404(session, ref).id, named.kind, number)
    return _pdf(held.pdf) if held else abort(404)


def named_form(session: Session, kind: str) -> NamedForm:
    """The form that the active protocol names; 404 where it names none of that kind (C6)."""
    return _named(session, kind)


def _named(session: Session, kind: str) -> NamedForm:
    if kind not in list(FormKind):
        abort(404)
    return active(council(session).protocol_id).form(FormKind(kind)) or abort(404)


def _here(ref: str, kind: str) -> str:
    return url_for("papers.form", ref=ref, kind=kind)


def _done(
    ref: str, named: NamedForm, typed: OnceForm, location: str | None, words: str
) -> Response:
    if location is None:
        return _page(ref, named, typed)
    flash(words, "success")
    return go_to(location)


def _page(ref: str, named: NamedForm, typed: OnceForm, *, fragment: bool = False) -> Response:
    session = reading()
    note = typed.note.data or "" if isinstance(typed, SendForm) else ""
    view = page_of(session, meeting_or_404(session, ref), named, note, now())
    return respond(
        "meetings/papers/form.html",
        "meetings/papers/_state.html" if fragment else None,
        status=422 if typed.errors else 200,
        view=view,
        form=typed,
        send=typed if isinstance(typed, SendForm) else SendForm(formdata=None),
        reply=typed if isinstance(typed, ReplyForm) else ReplyForm(formdata=None),
        chase=ChaseForm(formdata=None),
        shape=shape,
    )


def _pdf(content: bytes) -> Response:
    response = make_response(content)
    response.mimetype = "application/pdf"
    response.headers.set("Content-Disposition", "inline", filename="form.pdf")
    return response
