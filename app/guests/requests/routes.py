"""Behind the link of a request or a letter: before the code the same page for every link, after
it the request with its two answers, or the letter (A6, A10, D3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy.orm.exc import StaleDataError
from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired

from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests import queries as guests
from app.guests.forms import ButtonForm, CodeForm, IntroduceForm
from app.guests.link_routes import redeemed
from app.guests.requests import queries, service
from app.guests.requests.visitors import DOOR, Asked, correspondent
from app.guests.visitors import know_again, mark_browser, new_mark, this_browser
from app.invitations import service as invitations
from app.referrals.checks.shown import received_words
from app.referrals.checks.types import Held
from app.referrals.letters import queries as letters
from app.referrals.letters.paper import letter_pdf
from app.referrals.letters_out import sender
from app.referrals.types import ChangedMeanwhile
from app.web.access import Everyone, access
from app.web.cookies import drop_cookie, set_cookie
from app.web.errors import lead_back
from app.web.forms import OnceForm, Passage
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("requests", __name__)


class RequestForm(OnceForm):
    """What is held; which button was pressed says whether anything is."""

    # The newest answer that stood on the page: a colleague may have written since.
    seen = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])
    words = Passage("What your agency holds")


@blueprint.record_once
def _errors_lead_back(state: BlueprintSetupState) -> None:
    for prefix in ("/request", "/r"):
        lead_back(state.app, prefix, "requests.request_page")


@blueprint.context_processor
def _words() -> dict[str, object]:
    """The same on every page, before the code and after: nothing here tells whose link it is."""
    return {
        "product_name": "Multi-agency desk",
        "home_url": url_for("requests.request_page"),
        "desk": guests.desk(reading()),
    }


@blueprint.get("/r/<token>")
@access(Everyone())
def link(token: str) -> Response:
    """The same page for a valid, an expired, a revoked and an unknown link (D3)."""
    return _before_code("guests/requests/link.html", token)


@blueprint.post("/r/<token>/code-request")
@access(Everyone())
def request_code(token: str) -> Response:
    if not ButtonForm().validate_on_submit():
        abort(400)
    mark = this_browser() or new_mark()
    with transaction() as session:
        service.request_code(session, token, mark, sender(), now())
    response = go_to(url_for("requests.code", token=token))
    mark_browser(response, mark)
    return response


@blueprint.get("/r/<token>/code")
@access(Everyone())
def code(token: str) -> Response:
    return _before_code("guests/requests/code.html", token, form=CodeForm())


@blueprint.post("/r/<token>/code")
@access(Everyone())
def redeem_code(token: str) -> Response:
    form = CodeForm()
    opened = redeemed(form, token, this_browser())
    if opened is not None:
        response = go_to(url_for("requests.request_page"))
        set_cookie(response, DOOR, opened)
        know_again(response)
        return response
    return _before_code("guests/requests/code.html", token, status=422, form=form)


@blueprint.get("/request")
@access(Asked(unnamed=True))
def request_page() -> Response:
    person = correspondent()
    if person.guest.must_introduce:
        return _introduce(IntroduceForm())
    with transaction() as session:
        service.look(session, person, now())
    return _page()


@blueprint.post("/request/name")
@access(Asked(unnamed=True))
def introduce() -> Response:
    person = correspondent()
    form = IntroduceForm()
    if not person.guest.must_introduce:
        return go_to(url_for("requests.request_page"))
    if form.validate_on_submit():
        try:
            with transaction() as session:
                invitations.introduce(session, person.guest, form.name.data, form.role.data, now())
            return go_to(url_for("requests.request_page"))
        except Refused as refusal:
            form.add_error(refusal.field, refusal.message)
    return _introduce(form, 422)


@blueprint.post("/request/answer")
@access(Asked())
def answer() -> Response:
    form = RequestForm()
    here = url_for("requests.request_page")
    if correspondent().check_id is None:
        abort(404)
    if not form.validate_on_submit():
        return _page(422, form)
    held = Held.NOTHING if request.form.get("held") == Held.NOTHING.value else Held.SOMETHING
    if held is Held.NOTHING and form.words.data:
        # Somebody wrote and then pressed the other button: which of the two is meant?
        form.add_error("words", "Clear what you wrote, or press “Send what we hold”")
        return _page(422, form)
    moment = now()
    try:
        with transaction() as session:
            if not (before := done_before(session, form.nonce.data)):
                service.answer(
                    session, correspondent(), held, form.words.data, form.seen.data, moment
                )
                mark_done(session, form.nonce.data, here, moment)
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _page(422, form)
    except (ChangedMeanwhile, StaleDataError):
        form.add_error(
            "words",
            "A colleague of yours answered while this page was open: read it above, then add what "
            "is missing",
        )
        return _page(409, form)
    if not before:
        flash(received_words(moment), "success")
    return go_to(here)


@blueprint.get("/request/letter.pdf")
@access(Asked())
def letter() -> Response:
    person = correspondent()
    if person.letter_id is None:
        abort(404)
    with transaction() as session:
        service.look(session, person, now())
    session = reading()
    text = letters.letter_text(session, person.letter_id)
    response = make_response(letter_pdf(text, letters.sent_at(session, person.letter_id)))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = "attachment; filename=letter.pdf"
    return response


@blueprint.post("/request/leave")
@access(Asked(unnamed=True))
def leave() -> Response:
    with transaction() as session:
        invitations.end_session(session, correspondent().guest, now())
    response = respond("guests/closed.html", left=True)
    drop_cookie(response, DOOR)
    return response


def _introduce(form: IntroduceForm, status: int = 200) -> Response:
    there = url_for("requests.introduce")
    return respond("guests/introduce.html", status=status, form=form, there=there)


def _page(status: int = 200, form: RequestForm | None = None) -> Response:
    person = correspondent()
    if person.letter_id is not None:
        text = letters.letter_text(reading(), person.letter_id)
        return respond("guests/requests/letter.html", status=status, letter=text)
    assert person.check_id is not None
    page = queries.request_for(reading(), person.check_id, now())
    form = form or RequestForm()
    form.seen.data, form.seen.raw_data = page.newest, None
    return respond(
        "guests/requests/request.html",
        status=status,
        page=page,
        person=person.guest,
        form=form,
    )


def _before_code(template: str, token: str, *, status: int = 200, **context: Any) -> Response:
    return respond(template, None, status, token=token, **context)
