"""Mail that came in and waits for a person (D6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.received import queries, service
from app.meetings.received.forms import CloseForm, NoteForm, TakeForm
from app.meetings.received.models import ReceivedMail
from app.meetings.received.page import MailLine, line_of, page_of
from app.meetings.received.queries import MailRow
from app.meetings.restricted.hidden import WORDS, masked
from app.meetings.types import Answer
from app.web.access import access
from app.web.forms import BaseForm, add_refusal
from app.web.htmx import go_to, respond
from app.web.numbers import whole

blueprint = Blueprint("received", __name__)
MOST_WAITING = 100
PAGE = 25
STALE = "Somebody else changed this in the same moment: see what it says now"


@blueprint.get("/mail")
@access(staff_may(Permission.MAIL_SEE))
def waiting() -> Response:
    session = reading()
    before = request.args.get("before", type=whole)
    rows = queries.newest(session, before, PAGE + 1)
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    return respond(
        "meetings/received/list.html",
        "meetings/received/_list.html",
        waiting=([] if before is not None else _lines(queries.waiting(session, MOST_WAITING))),
        newest=_lines(rows[:PAGE]),
        older=url_for(".waiting", before=older) if older else "",
        first=url_for(".waiting") if before is not None else "",
    )


def _lines(rows: Iterable[MailRow]) -> list[MailLine]:
    """The lines of a list; of a restricted case no more than its reference (H2)."""
    return masked(
        [line_of(row) for row in rows],
        of=lambda line: line.case_ref,
        title=WORDS,
        about="",
        sender="",
    )


@blueprint.get("/mail/<ref>")
@access(staff_may(Permission.MAIL_SEE))
def mail(ref: str) -> Response:
    _note_view(ref, "mail")
    return _page(ref)


@blueprint.get("/mail/<ref>/original")
@access(staff_may(Permission.MAIL_SEE))
def original(ref: str) -> Response:
    """The bytes as they came: saved, never shown by the browser, because a stranger sent them."""
    _note_view(ref, "original mail")
    row = _mail_or_404(reading(), ref)
    if row.original is None:
        abort(404)
    response = make_response(row.original)
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=f"{row.ref}.eml")
    return response


@blueprint.post("/mail/<ref>/take")
@access(staff_may(Permission.MAIL_SEE))
def take(ref: str) -> Response:
    form = TakeForm()
    if _done(ref, form, lambda session: service.assign(session, signed_in().actor, ref, now())):
        flash("This mail is with you now.", "success")
    else:
        flash(next(iter(form.form_errors), STALE), "important")
    return go_to(url_for(".mail", ref=ref))


@blueprint.post("/mail/<ref>/answer")
@access(staff_may(Permission.MAIL_SEE))
def note_answer(ref: str) -> Response:
    form = NoteForm(prefix="note")
    if _done(
        ref,
        form,
        lambda session: service.note_answer(
            session, signed_in().actor, ref, Answer(form.answer.data), form.note.data, now()
        ),
    ):
        flash("The answer is noted and the mail is closed.", "success")
        return go_to(url_for(".waiting"))
    return _page(ref, 422, note=form)


@blueprint.post("/mail/<ref>/close")
@access(staff_may(Permission.MAIL_SEE))
def close(ref: str) -> Response:
    form = CloseForm(prefix="close")
    if _done(
        ref,
        form,
        lambda session: service.close(session, signed_in().actor, ref, form.done.data, now()),
    ):
        flash("The mail is closed.", "success")
        return go_to(url_for(".waiting"))
    return _page(ref, 422, close=form)


def _done(ref: str, form: BaseForm, act: Callable[[Session], object]) -> bool:
    """Act on a form that is right; what a rule refuses stands by its field."""
    if queries.mail(reading(), ref) is None:
        abort(404)
    if not form.validate_on_submit():
        return False
    try:
        with transaction() as session:
            act(session)
    except Refused as refusal:
        add_refusal(form, refusal)
        return False
    except StaleDataError:
        form.form_errors.append(STALE)
        return False
    return True


def _page(ref: str, status: int = 200, **forms: Any) -> Response:
    session = reading()
    view = page_of(session, _mail_or_404(session, ref), signed_in().id)
    note = forms.get("note") or NoteForm(
        formdata=None, prefix="note", data={"answer": view.suggested or None}
    )
    close = forms.get("close") or CloseForm(formdata=None, prefix="close")
    return respond(
        "meetings/received/mail.html",
        None,
        status,
        view=view,
        form=next((one for one in (note, close) if one.errors), None),
        note=note,
        close=close,
    )


def _mail_or_404(session: Session, ref: str) -> ReceivedMail:
    row = queries.mail(session, ref)
    if row is None:
        abort(404)
    return row


def _note_view(ref: str, page: str) -> None:
    """The row is committed before the page is sent (H3); 404 where there is no such mail."""
    with transaction() as session:
        row = _mail_or_404(session, ref)
        viewed(session, signed_in().actor, page, Subject("mail", row.ref), now())
