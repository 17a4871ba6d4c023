"""The call sheet, one tap for each call (C5)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading
from app.directory.queries import council
from app.meetings import queries
from app.meetings.calls import service
from app.meetings.calls.forms import CallForm, NumberForm
from app.meetings.calls.page import Card, card_of, sheet_of
from app.meetings.calls.queries import calls_to, unanswered_about
from app.meetings.calls.types import Outcome
from app.meetings.medical.rules import again_after
from app.meetings.papers import queries as papers
from app.meetings.papers import service as paper_service
from app.meetings.papers.routes import named_form
from app.meetings.papers.rules import check_open
from app.meetings.routes import meeting_or_404, note_view, once
from app.protocols.types import FormKind
from app.web.access import access
from app.web.htmx import go_to, respond, wants_fragment

blueprint = Blueprint("calls", __name__)
BOOK = staff_may(Permission.DISCUSSION_BOOK)


@blueprint.get("/discussions/<ref>/calls")
@access(BOOK)
def sheet(ref: str) -> Response:
    note_view(ref, "call sheet")
    return _sheet(ref, 0, CallForm(formdata=None))


@blueprint.post("/discussions/<ref>/calls/<int:invitee_id>")
@access(BOOK)
def telephoned(ref: str, invitee_id: int) -> Response:
    """One tap: the card comes back by itself, or the whole sheet where there are no scripts."""
    form = CallForm()
    if form.validate_on_submit():
        staff, moment = signed_in(), now()
        there = url_for(".sheet", ref=ref, _anchor=f"person-{invitee_id}")

        def act(session: Session) -> str:
            meeting = queries.meeting_for_change(session, ref)
            held = queries.invitee(session, meeting.id, invitee_id) if meeting else None
            if held is None:
                raise Refused("said", "That person is not on the list: load the page again")
            service.telephoned(
                session, staff, held, Outcome(form.outcome.data), form.said.data, moment
            )
            return there

        location = once(form, act)
        if location is not None and not wants_fragment():
            return go_to(location)
    if not wants_fragment():
        return _sheet(ref, invitee_id, form)
    session = reading()
    meeting = meeting_or_404(session, ref)
    invitee = queries.invitee(session, meeting.id, invitee_id) or abort(404)
    card = card_of(session, meeting, invitee, calls_to(session, meeting.id, invitee_id), now())
    failed = bool(form.errors)
    return respond(
        "meetings/calls/sheet.html",
        "meetings/calls/_card.html",
        status=422 if failed else 200,
        ref=ref,
        card=card,
        form=form if failed else CallForm(formdata=None),
        number=_number_form(card),
        told="" if failed else card.state_words,
    )


@blueprint.post("/discussions/<ref>/calls/<int:invitee_id>/number")
@access(BOOK)
def number(ref: str, invitee_id: int) -> Response:
    """The number on which somebody is telephoned about this discussion."""
    form = NumberForm()
    if form.validate_on_submit():
        staff, moment = signed_in(), now()

        def act(session: Session) -> str:
            meeting = queries.meeting_for_change(session, ref)
            held = queries.invitee(session, meeting.id, invitee_id) if meeting else None
            if held is None:
                raise Refused("telephone", "That person is not on the list: load the page again")
            version = form.version.data or 0
            service.give_number(session, staff, held, form.telephone.data, version, moment)
            return url_for(".sheet", ref=ref, _anchor=f"person-{invitee_id}")

        location = once(form, act)
        if location is not None:
            flash("The number is noted.", "success")
            return go_to(location)
    return _sheet(ref, invitee_id, CallForm(formdata=None), form)


@blueprint.post("/discussions/<ref>/forms/<kind>/call")
@access(BOOK)
def about_form(ref: str, kind: str) -> Response:
    """A call about a form that was sent: the rungs of the ladder (BROMLEY 1)."""
    named = named_form(reading(), kind)
    form, there = CallForm(), url_for("papers.form", ref=ref, kind=kind)
    if not form.validate_on_submit():
        flash("Tap what came of the call.", "important")
        return go_to(there)
    staff, moment = signed_in(), now()

    def act(session: Session) -> str:
        meeting = queries.meeting_for_change(session, ref)
        held = papers.form_for_change(session, meeting.id, FormKind(kind)) if meeting else None
        if meeting is None or held is None:
            raise Refused("said", "The form was not sent yet")
        check_open(held.state)
        wait = again_after(
            unanswered_about(session, held.id) + 1,
            named.call_again_after or 10,
            council(session).medical_reception_telephone,
        )
        call = service.telephoned_about(
            session, staff, meeting, held, Outcome(form.outcome.data), form.said.data, wait, moment
        )
        spoke = call.outcome is Outcome.SPOKE
        paper_service.wait_until(session, held, None if spoke else moment + wait)
        return there

    location = once(form, act)
    flash(
        "The call is noted." if location else "; ".join(map(str, form.form_errors)) or
        "The call could not be noted: load the page again.",
        "success" if location else "important",
    )  # fmt: skip
    return go_to(there)


def _sheet(ref: str, failed: int, form: CallForm, number: NumberForm | None = None) -> Response:
    session = reading()
    sheet = sheet_of(session, meeting_or_404(session, ref), now())
    return respond(
        "meetings/calls/sheet.html",
        status=422 if form.errors or number is not None else 200,
        ref=ref,
        sheet=sheet,
        forms={
            card.id: form if card.id == failed else CallForm(formdata=None) for card in sheet.cards
        },
        numbers={
            card.id: _number_form(card, number if card.id == failed else None)
            for card in sheet.cards
        },
    )


def _number_form(card: Card, sent: NumberForm | None = None) -> NumberForm:
    """What was sent stands again on top of what is there now: both have been read."""
    form = sent or NumberForm(formdata=None)
    form.version.data, form.version.raw_data = card.version, None
    return form
