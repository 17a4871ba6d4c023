"""The chair's page as a whole, and the end of a discussion."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now, words_for_moment
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.beside import still_booked
from app.meetings.discussion import actions, people, queries, service
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.early_start import start_before_its_time
from app.meetings.discussion.forms import (
    EndForm,
    LineForm,
    Lines,
    read_fields,
    read_press,
)
from app.meetings.discussion.lists_shown import (
    names_of_children,
    names_of_owners,
    owners,
    without_owner,
)
from app.meetings.discussion.page import hold_page, times_words
from app.meetings.discussion.record_clock import protocol_of, record_clock
from app.meetings.discussion.types import PageKept, Press
from app.meetings.earlier_reports import earlier_reports
from app.meetings.joined import service as joined
from app.meetings.joined.queries import joined_since
from app.meetings.models import Meeting
from app.meetings.need.forms import moment_of
from app.meetings.restricted.hidden import WORDS, masked
from app.referrals.checks.queries import OpenRequest, open_named
from app.referrals.checks.shown import answered_on
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.forms import add_refusal
from app.web.htmx import go_to, respond
from app.web.numbers import whole_or_none
from app.web.once import done_before, mark_done

blueprint = Blueprint("discussion", __name__)
WRITE = staff_may(Permission.DISCUSSION_WRITE)
# What a button did not do, because something on the page was half typed.
HELD_UP = {
    "end": "The discussion has not ended yet. Complete or empty what is named here, then press "
    "End again.",
    "gate": "Complete or empty what is named here, then press Check and sign again.",
}
Change = Callable[[Session, Meeting], object]
NOT_KEPT = "This was not saved: copy your words from here"


@blueprint.get("/discussions/<ref>/hold")
@access(WRITE)
def hold(ref: str) -> Response:
    meeting_or_404(ref)
    with transaction() as session:
        viewed(session, signed_in().actor, "discussion", Subject("meeting", ref), now())
    return _page(ref, Lines.empty())


@blueprint.post("/discussions/<ref>/hold")
@access(WRITE)
def save(ref: str) -> Response:
    """All of the page at once: without its script, and with its larger buttons."""
    press, lines = read_press(request.form), Lines()
    meeting_or_404(ref)
    keep = {press.target: press.what} if press.what in ("theirs", "both") else {}
    try:
        with transaction() as session:
            kept = service.save_page(
                session,
                signed_in().actor,
                to_write(session, ref),
                read_fields(request.form),
                keep,
                now(),
            )
    except Refused as refusal:
        lines.action.form_errors.append(refusal.message)
        lines.keep_for_copying()
        meeting = meeting_or_404(ref)
        kept = service.not_kept(reading(), meeting, read_fields(request.form), NOT_KEPT)
        return _page(ref, lines, kept, 422)
    # The words are safe; what else the press asks for may still be refused.
    _press(ref, press, lines)
    if lines.refused or not kept.whole:
        held_up = HELD_UP.get(press.what, "")
        return _page(ref, lines, kept, 409 if kept.conflicts else 422, held_up)
    if press.what == "end":
        return go_to(url_for("discussion.confirm_end", ref=ref))
    if press.what == "gate":
        return go_to(url_for("records.gate", ref=ref))
    if press.what == "change" and (action_id := whole_or_none(press.target)) is not None:
        return go_to(url_for("discussion_live.change_action", ref=ref, action_id=action_id))
    return go_to(url_for("discussion.hold", ref=ref, _anchor=_place_after(press)))


@blueprint.get("/discussions/<ref>/hold/end")
@access(WRITE)
def confirm_end(ref: str) -> Response:
    meeting = meeting_or_404(ref)
    form = EndForm(ended_at=now())
    requests = _open_requests(meeting)
    form.name(requests)
    return _end_page(meeting, form, requests)


@blueprint.post("/discussions/<ref>/hold/end")
@access(WRITE)
def end(ref: str) -> Response:
    form, meeting = EndForm(ended_at=now()), meeting_or_404(ref)
    requests = _open_requests(meeting)
    seen = form.name(requests)
    if not form.validate_on_submit():
        return _end_page(meeting, form, requests, 422)
    try:
        with transaction() as session:
            told = service.end(
                session, signed_in().actor, to_change(session, ref), sender(), now(),
                form.after(seen), moment_of(form.ended_at),
            )  # fmt: skip
    except Refused as refusal:
        add_refusal(form, refusal)
        return _end_page(meeting, form, requests, 422)
    owners_told = f" Owners of actions who are told now: {told}." if told else ""
    flash(f"The discussion has ended and the record's clock runs.{owners_told}", "success")
    return go_to(url_for("discussion.hold", ref=ref))


def meeting_or_404(ref: str) -> Meeting:
    """The discussion for reading."""
    return _found(queries.meeting_by_ref(reading(), ref))


def to_write(session: Session, ref: str) -> Meeting:
    """The discussion for writing in it: others may write at the same time."""
    return _found(queries.meeting_to_write(session, ref))


def to_change(session: Session, ref: str) -> Meeting:
    """The discussion for changing its state: alone."""
    return _found(queries.meeting_to_change(session, ref))


def _found(meeting: Meeting | None) -> Meeting:
    if meeting is None:
        abort(404)
    return meeting


def _press(ref: str, press: Press, lines: Lines) -> None:
    """What a button asks for beyond saving, and every line that has words in it."""
    actor = signed_in().actor
    numbers = [whole_or_none(word) for word in press.target.split()]
    match press.what, numbers:
        case "start", _:
            _try(ref, lines.action, lambda s, m: service.start(s, actor, m, now()), alone=True)
        case "join", _:
            _try(
                ref,
                lines.action,
                lambda s, m: joined.add(s, actor, m, sender(), now()),
                alone=True,
            )
        case "strike", [int(gone)]:
            _try(ref, lines.action, lambda s, m: actions.strike_action(s, actor, m, gone, now()))
        case "off", [int(who)]:
            _try(
                ref,
                lines.person,
                lambda s, m: people.take_off(s, actor, m, who, now()),
                alone=True,
            )
        case "same", [int(one), int(other)]:
            _try(
                ref,
                lines.action,
                lambda s, m: service.copy_answers(s, actor, m, one, other, now()),
            )
        case "all", [int(one)]:
            _try(ref, lines.action, lambda s, m: service.copy_to_siblings(s, actor, m, one, now()))
    action, person, dissent = lines.action, lines.person, lines.dissent
    adds: tuple[tuple[str, LineForm, Change], ...] = (
        ("action", action, lambda s, m: actions.add_action(s, actor, m, action.order, now())),
        ("person", person, lambda s, m: people.add_person(s, actor, m, person.newcomer, now())),
        ("dissent", dissent, lambda s, m: people.add_dissent(s, actor, m, dissent.order, now())),
    )
    for name, form, change in adds:
        if press.what == name or form.touched:
            _offer(lines, meeting_or_404(ref))
            if form.validate():
                _try(ref, form, change, once=form.nonce.data)


def _try(ref: str, form: LineForm, change: Change, *, once: str = "", alone: bool = False) -> None:
    """One change in a transaction of its own; a refusal goes to the form.

    With `once` the nonce of a line: a page that is sent twice adds its line once.
    """
    try:
        with transaction() as session:
            meeting = to_change(session, ref) if alone else to_write(session, ref)
            if once and done_before(session, once):
                return
            change(session, meeting)
            if once:
                mark_done(session, once, url_for("discussion.hold", ref=ref), now())
    except Refused as refusal:
        add_refusal(form, refusal)


def _place_after(press: Press) -> str | None:
    """Where the eyes were when the button was pressed."""
    places = {
        "action": "actions",
        "strike": "actions",
        "person": "people",
        "off": "people",
        "dissent": "dissent",
        "same": f"child-{press.target.rpartition(' ')[2]}",
        "all": f"child-{press.target}",
        "save": press.target,
    }
    return places.get(press.what) or None


def _offer(lines: Lines, meeting: Meeting) -> None:
    lines.offer(
        owners(meeting.invitees),
        names_of_children(queries.children_of(reading(), meeting)),
    )


def _page(
    ref: str,
    lines: Lines,
    kept: PageKept | None = None,
    status: int = 200,
    held_up: str = "",
) -> Response:
    session = reading()
    meeting = meeting_or_404(ref)
    held = queries.held(session, meeting)
    lines.offer(owners(held.invitees), names_of_children(held.children))
    return respond(
        "meetings/discussion/hold.html",
        status=status,
        page=hold_page(held, signed_in().name, now(), kept),
        asked=answered_on(session, meeting.referral_id, now()),
        still_booked=masked(still_booked(session, meeting), at=None),
        joined=joined_since(session, meeting),
        early=start_before_its_time(meeting, now()),
        earlier=masked(earlier_reports(session, meeting), who=WORDS, words="", received_at=None),
        lines=lines,
        action_form=lines.action,
        held_up=held_up,
    )


def _open_requests(meeting: Meeting) -> list[OpenRequest]:
    """The agencies that were asked about the case and have not answered."""
    return open_named(reading(), meeting.referral_id) if meeting.referral_id is not None else []


def _end_page(
    meeting: Meeting, form: EndForm, requests: list[OpenRequest], status: int = 200
) -> Response:
    moment = now()
    clock = record_clock(meeting.clocks, protocol_of(meeting), moment_of(form.ended_at) or moment)
    actions = queries.actions_of(reading(), meeting)
    return respond(
        "meetings/discussion/end.html",
        status=status,
        form=form,
        requests=requests,
        ref=meeting.ref,
        times=times_words(meeting),
        record_due=words_for_moment(clock.due_at),
        rule=clock.rule,
        missing=gate_of(reading(), meeting),
        owners=names_of_owners(meeting, actions),
        unowned=without_owner(meeting, actions),
        joined=joined_since(reading(), meeting),
    )
