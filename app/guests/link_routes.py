"""Before the code: pages that say nothing of the case, the same for every link (D3)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, url_for

from app.core.clock import now
from app.core.session import reading, transaction
from app.guests import service
from app.guests.blueprint import blueprint
from app.guests.forms import ButtonForm, CodeForm, WithoutCodeForm
from app.guests.visitors import know_again, mark_browser, new_mark, open_door, this_browser
from app.invitations import service as invitations
from app.referrals.letters_out import sender
from app.web.access import Everyone, access
from app.web.htmx import go_to, respond

NOTED = (
    "You said that {answer}. The desk will see it if this link is in use and is for an invitation "
    "or a form that waits for an answer. For a record or for actions nothing is noted. Where a "
    "newer letter told you another time, answer from that one."
)
WRONG_CODE = (
    "That code does not open anything. Check the six digits, or ask for a new code: each works "
    "once, for ten minutes, in the browser that asked for it."
)


@blueprint.get("/i/<token>")
@access(Everyone())
def link(token: str) -> Response:
    """The same page for a valid, an expired, a revoked and an unknown link (D3)."""
    return _before_code("guests/link.html", token, answer=WithoutCodeForm(prefix="answer"))


@blueprint.post("/i/<token>/code-request")
@access(Everyone())
def request_code(token: str) -> Response:
    form = ButtonForm()
    if not form.validate_on_submit():
        abort(400)
    mark = this_browser() or new_mark()
    with transaction() as session:
        service.request_code(session, token, mark, sender(), now())
    response = go_to(url_for("guests.code", token=token))
    mark_browser(response, mark)
    return response


@blueprint.get("/i/<token>/code")
@access(Everyone())
def code(token: str) -> Response:
    return _before_code("guests/code.html", token, form=CodeForm())


@blueprint.post("/i/<token>/code")
@access(Everyone())
def redeem_code(token: str) -> Response:
    form = CodeForm()
    opened = redeemed(form, token, this_browser())
    if opened is not None:
        response = go_to(url_for(service.behind(reading(), token, now())))
        open_door(response, opened)
        know_again(response)
        return response
    return _before_code("guests/code.html", token, status=422, form=form)


def redeemed(form: CodeForm, token: str, browser: str | None) -> str | None:
    """The session that the code opened in this browser; None, and why in the form, where it opened
    none."""
    if not form.validate_on_submit():
        return None
    with transaction() as session:
        opened = invitations.redeem_code(
            session, token, browser or new_mark(), form.code.data, now()
        )
    if opened is None:
        form.add_error("code", WRONG_CODE)
    return opened


@blueprint.post("/i/<token>/answer")
@access(Everyone())
def answer_without_code(token: str) -> Response:
    form = WithoutCodeForm(prefix="answer")
    if not form.validate_on_submit():
        return _before_code("guests/link.html", token, status=422, form=form, answer=form)
    with transaction() as session:
        takes_part = form.take_part.data == "yes"
        service.answer_without_code(session, token, takes_part, now())
    # What was pressed is said back: the other button is a thumb's breadth away on a telephone.
    answer = "you will take part" if takes_part else "you cannot take part"
    flash(NOTED.format(answer=answer), "success")
    return go_to(url_for("guests.link", token=token))


def _before_code(template: str, token: str, *, status: int = 200, **context: Any) -> Response:
    return respond(template, None, status, token=token, **context)
