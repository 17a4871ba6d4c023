"""Coming back to an unfinished form by link and code (A1, D3)."""

from __future__ import annotations

from flask import Response, abort, url_for

from app.core.clock import now
from app.core.crypto import new_token
from app.core.session import transaction
from app.invitations import service as invitations
from app.referrals.public import service
from app.referrals.public.forms import ButtonForm, CodeForm
from app.referrals.public.page import blueprint, desk, onwards
from app.referrals.public.visitors import BROWSER, COOKIE, OwnForm, draft
from app.web.access import Everyone, access
from app.web.cookies import cookie_of, set_cookie
from app.web.htmx import go_to, respond

WRONG_CODE = (
    "That code does not open anything. Check the six digits, or ask for a new code: each works "
    "once, for ten minutes, in the browser that asked for it."
)


@blueprint.get("/back/<token>")
@access(Everyone())
def back(token: str) -> Response:
    """The same page for a link in use, an old one and an unknown one."""
    return respond("refer/back.html", token=token)


@blueprint.post("/back/<token>/code-request")
@access(Everyone())
def request_code(token: str) -> Response:
    if not ButtonForm().validate():
        abort(400)
    mark = cookie_of(BROWSER) or new_token()
    with transaction() as session:
        service.request_code(session, token, mark, desk(session), now())
    response = go_to(url_for("refer.code", token=token))
    set_cookie(response, BROWSER, mark)
    return response


@blueprint.route("/back/<token>/code", methods=["GET", "POST"])
@access(Everyone())
def code(token: str) -> Response:
    form = CodeForm()
    if form.validate_on_submit():
        with transaction() as session:
            opened = invitations.redeem_code(
                session, token, cookie_of(BROWSER) or new_token(), form.code.data, now()
            )
        if opened is not None:
            response = go_to(url_for("refer.resume"))
            set_cookie(response, COOKIE, opened)
            return response
        form.add_error("code", WRONG_CODE)
    return respond("refer/code.html", None, 422 if form.errors else 200, token=token, form=form)


@blueprint.get("/resume")
@access(OwnForm())
def resume() -> Response:
    return go_to(onwards(draft().told))
