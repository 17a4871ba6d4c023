"""Booking a discussion: one page, one button (C1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import Blueprint, Response, abort, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.meetings.appointment import location_told
from app.meetings.booking import again, changes, queries, service
from app.meetings.booking.changes_shown import order_of
from app.meetings.booking.forms import BookingForm, CancelForm, RemindForm, SendAgainForm
from app.meetings.booking.ground import Ground
from app.meetings.booking.late_address import done_there, mend_late
from app.meetings.booking.page import add_unseen, build, fill, fill_change
from app.meetings.booking.person_rows import MOST_PEOPLE
from app.meetings.booking.service import held_meeting
from app.meetings.booking.types import Proposal
from app.meetings.calls.letters import read_unreached
from app.meetings.calls.page import to_tell_of_cancelling
from app.meetings.models import Meeting
from app.meetings.queries import invitee as invitee_of
from app.meetings.routes import meeting_or_404, note_view_of, once
from app.meetings.rules import mendable_late
from app.meetings.types import Format, MeetingState
from app.referrals.letters_out import sender
from app.web.access import access
from app.web.htmx import go_to, respond, wants_fragment
from app.web.numbers import whole_or_none

blueprint = Blueprint("booking", __name__)

PAGE, FRAGMENT = "meetings/booking/book.html", "meetings/booking/_book.html"
LIVE, LETTER = "meetings/booking/_live.html", "meetings/booking/_letter.html"
GIVES_AWAY = (
    "This names the family, their street or the child’s school, and letters and calendars are read "
    "by others: say it in other words, or tick that they leave it out"
)
NEW_PROPOSAL = "Proposed since you opened the page: tick, or say why not"


@blueprint.get("/discussions/<ref>/book")
@access(staff_may(Permission.DISCUSSION_BOOK))
def book(ref: str) -> Response:
    form, ground = BookingForm(), _ground(ref)
    if ground.meeting.state is not MeetingState.NEEDED:
        return go_to(url_for("meetings.overview", ref=ref))
    fill(ground, form)
    page = build(ground, form, sender())
    note_view_of(ref, "booking")
    return respond(PAGE, form=form, page=page)


@blueprint.post("/discussions/<ref>/book")
@access(staff_may(Permission.DISCUSSION_BOOK))
def send(ref: str) -> Response:
    form, moment = BookingForm(), now()
    if request.form.get("do") != "send":
        return _shown(ref, form, focus=_adjust(form))
    ground = _ground(ref)
    proposals = ground.proposals(form.start or moment)
    unseen = add_unseen(form, proposals)
    form.forget_unused()
    fits = all((form.validate(), form.check_time(), form.check_unlisted()))
    right = all((_addresses_read_back(ground, form), _place_may_be_told(ground, form)))
    if not (_point_out(form, proposals, unseen) and fits and right):
        return _shown(ref, form, 422)
    staff = signed_in()
    whys = {proposal.key: (proposal.rule_id, proposal.why) for proposal in proposals}

    def act(session: Session) -> str:
        service.book(session, staff, ref, form.order(whys, staff.name), sender(), moment)
        return url_for("meetings.overview", ref=ref)

    location = once(form, act)
    if location is None:
        return _shown(ref, form, 422)
    flash("Booked. The invitations are on their way.", "success")
    return go_to(location)


@blueprint.post("/discussions/<ref>/book/preview")
@access(staff_may(Permission.DISCUSSION_BOOK))
def preview(ref: str) -> Response:
    """The letters for what the form holds now, or the one that was opened; changes nothing."""
    form, opened = BookingForm(), whole_or_none(request.form.get("letter"))
    page = build(_ground(ref), form, sender(), letter=opened or 0)
    letter = next((one for one in page.letters if one.preview), None)
    if opened is not None and letter is not None and wants_fragment():
        return respond(PAGE, LETTER, form=form, page=page, letter=letter)
    return respond(PAGE, LIVE, form=form, page=page)


@blueprint.get("/discussions/<ref>/change")
@access(staff_may(Permission.DISCUSSION_BOOK))
def change(ref: str) -> Response:
    form, ground = BookingForm(), _ground(ref)
    if ground.meeting.state is not MeetingState.BOOKED:
        return go_to(url_for("meetings.overview", ref=ref))
    fill_change(ground, form)
    page = build(ground, form, sender(), changing=True)
    note_view_of(ref, "booking")
    return respond(PAGE, form=form, page=page)


@blueprint.post("/discussions/<ref>/change")
@access(staff_may(Permission.DISCUSSION_BOOK))
def send_change(ref: str) -> Response:
    form, moment = BookingForm(), now()
    if request.form.get("do") != "send":
        return _shown(ref, form, changing=True, focus=_adjust(form))
    form.allow_its_length()
    form.forget_unused()
    fits = all((form.validate(), form.check_time(may_keep=True), form.check_unlisted()))
    ground = _ground(ref)
    right = all((_addresses_read_back(ground, form), _place_may_be_told(ground, form)))
    if not (right and fits):
        return _shown(ref, form, 422, changing=True)
    staff, told = signed_in(), []

    def act(session: Session) -> str:
        order = order_of(form, meeting_or_404(session, ref), staff.name)
        told.append(changes.change(session, staff, ref, order, sender(), moment))
        return url_for("meetings.overview", ref=ref)

    location = once(form, act)
    if location is None:
        return _shown(ref, form, 422, changing=True)
    if told:
        flash(_told(told[0]), "success")
    return go_to(location)


@blueprint.post("/discussions/<ref>/change/preview")
@access(staff_may(Permission.DISCUSSION_BOOK))
def preview_change(ref: str) -> Response:
    """Who would get which letter for what the form holds now; changes nothing."""
    form = BookingForm()
    page = build(_ground(ref), form, sender(), changing=True)
    return respond(PAGE, LIVE, form=form, page=page)


@blueprint.route("/discussions/<ref>/cancel", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def cancel(ref: str) -> Response:
    form = CancelForm()
    if form.validate_on_submit():
        staff, moment = signed_in(), now()

        def act(session: Session) -> str:
            held = changes.cancel(session, staff, ref, form.reason.data, sender(), moment)
            there = "calls.sheet" if _untold(session, held) else "meetings.overview"
            return url_for(there, ref=ref)

        location = once(form, act)
        if location is not None:
            called_off = meeting_or_404(reading(), ref)
            names = _untold(reading(), called_off)
            # Something is left to do: it must not look done.
            flash(_cancelled(called_off, names), "important" if names else "success")
            return go_to(location)
    meeting = meeting_or_404(reading(), ref)
    return respond(
        "meetings/booking/cancel.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        to_telephone=_untold(reading(), meeting),
    )


@blueprint.route("/discussions/<ref>/invitees/<int:invitee_id>/send-again", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def send_again(ref: str, invitee_id: int) -> Response:
    session = reading()
    meeting = meeting_or_404(session, ref)
    invitee = invitee_of(session, meeting.id, invitee_id)
    if invitee is None:
        abort(404)
    form = SendAgainForm(data={"email": invitee.email})
    if form.validate_on_submit():
        staff, moment, sent = signed_in(), now(), list[again.Sent]()

        def act(session: Session) -> str:
            held = held_meeting(session, ref)
            wrong = invitee_of(session, held.id, invitee_id)
            if wrong is not None and mendable_late(held.state, held.signed_at):
                mend_late(session, staff, held, wrong, form.order(), sender(), moment)
                return url_for("meetings.overview", ref=ref)
            sent.append(
                again.send_again(session, staff, ref, invitee_id, form.order(), sender(), moment)
            )
            return url_for("meetings.overview", ref=ref)

        location = once(form, act)
        if location is not None:
            flash(_sent_again(sent) if sent else "The address is corrected.", "success")
            return go_to(location)
        session = reading()
        meeting = meeting_or_404(session, ref)
        invitee = invitee_of(session, meeting.id, invitee_id) or abort(404)
    ahead = again.prospect(session, meeting, invitee)
    form.told.data = "yes" if ahead.known else ""
    late = mendable_late(meeting.state, meeting.signed_at)
    return respond(
        f"meetings/booking/{'late_address' if late else 'send_again'}.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        invitee=invitee,
        ahead=ahead,
        done=done_there(session, meeting, invitee) if late else None,
        answered=invitee.answer.label,
    )


@blueprint.route("/discussions/<ref>/remind", methods=["GET", "POST"])
@access(staff_may(Permission.DISCUSSION_BOOK))
def remind(ref: str) -> Response:
    form = RemindForm()
    meeting = meeting_or_404(reading(), ref)
    by_telephone = _without_letters(meeting)
    if form.validate_on_submit():
        staff, moment = signed_in(), now()

        def act(session: Session) -> str:
            changes.remind(session, staff, ref, sender(), moment)
            return url_for("meetings.overview", ref=ref)

        location = once(form, act)
        if location is not None:
            said = "The reminders are on their way."
            if by_telephone:
                said += f" Please telephone: {', '.join(by_telephone)}."
            flash(said, "important" if by_telephone else "success")
            return go_to(location)
        meeting = meeting_or_404(reading(), ref)
    return respond(
        "meetings/booking/remind.html",
        status=422 if form.errors else 200,
        form=form,
        meeting=meeting,
        by_telephone=_without_letters(meeting),
    )


def _without_letters(meeting: Meeting) -> list[str]:
    """Who has not answered and gets no reminder, by name."""
    return [one.name for one in changes.unanswered(meeting) if not one.gets_letters]


def _ground(ref: str) -> Ground:
    session = reading()
    read = queries.read(session, ref)
    if read is None:
        abort(404)
    return Ground(session, read, now())


def _shown(
    ref: str, form: BookingForm, status: int = 200, *, changing: bool = False, focus: str = ""
) -> Response:
    every = request.form.get("do") == "preview"
    page = build(_ground(ref), form, sender(), changing=changing, letter=None if every else 0)
    return respond(PAGE, FRAGMENT, status=status, form=form, page=page, focus=focus)


SEARCH = "search"


def _adjust(form: BookingForm) -> str:
    """A press that is not Send: find, add or take off a person. Everything typed stays. Answers
    where whoever pressed goes on: the key of a person's row, or the search; empty where the button
    that was pressed is still there."""
    pressed = request.form
    if (person := whole_or_none(pressed.get("add"))) is not None:
        _add(form, {"key": f"added-{person}", "come": True, "person": str(person)})
        return f"added-{person}"
    if pressed.get("do") == "add-typed":
        new = form.new.row
        if not new.name or not new.agency:
            part, words = ("agency", "the agency") if new.name else ("name", "a name")
            form.new.point_out(part, f"Enter {words}")
            return ""
        keys = {row.key for row in form.rows()}
        number = next(n for n in range(len(keys) + 1) if f"typed-{n}" not in keys)
        _add(form, new.as_given() | {"key": f"typed-{number}", "come": True})
        form.new.empty()
        return f"typed-{number}"
    if swapped := pressed.get("swap"):
        key, _, person_id = swapped.rpartition(":")
        for row in form.rows():
            if row.key == key and whole_or_none(person_id) is not None:
                row.take(dict.fromkeys(("name", "title", "agency", "email", "telephone"), ""))
                row.person, row.come, row.telephone_only = person_id, True, False
        return key
    if dropped := pressed.get("drop"):
        form.people.drop(dropped)
        return SEARCH
    return SEARCH if pressed.get("do") == "find" else ""


def _add(form: BookingForm, values: dict[str, object]) -> None:
    there = {row.key for row in form.rows()}
    if values["key"] not in there and len(there) < MOST_PEOPLE:
        form.add_row(values)


def _point_out(form: BookingForm, proposals: Sequence[Proposal], unseen: Collection[str]) -> bool:
    """Whether every proposal is either taken up or has its reason; else errors stand by each."""
    proposed = {proposal.key: proposal for proposal in proposals}
    whole = True
    for row in form.rows():
        proposal = proposed.get(row.key)
        if proposal is not None:
            row.options = proposal.options
        if row.key in unseen:
            form.people.point_out(row, "come", NEW_PROPOSAL)
        elif proposal is not None and not row.come and not row.reason:
            words = f"Say why {row.who(proposal.role.label)} is not invited, or tick them"
            form.people.point_out(row, "reason", words)
        elif row.come and row.professional_id is None and not row.is_typed:
            words = "Choose somebody, or untick and say why"
            form.people.point_out(row, "person", words)
        else:
            continue
        whole = False
    return whole


def _addresses_read_back(ground: Ground, form: BookingForm) -> bool:
    """Whether every address that could be mistaken for another is said to have been checked."""
    whole = True
    for row in form.rows():
        if row.come and not row.checked and ground.doubts(row).look_alike:
            words = "Read the address back to them and tick here, or mend it"
            form.people.point_out(row, "checked", words)
            whole = False
    return whole


def _place_may_be_told(ground: Ground, form: BookingForm) -> bool:
    """Whether the place gives nobody away, or is said to stay out of the letters (D2)."""
    place, format_ = form.place.data, form.chosen_format
    held = ground.meeting
    if not place or format_ in (None, Format.CALL) or form.place_untold.data:
        return True
    stands = held.state is MeetingState.BOOKED and (held.format, held.place) == (format_, place)
    if stands or location_told(ground.session, held.id, format_, place):
        return True
    form.add_error("place", GIVES_AWAY)
    return False


def _sent_again(sent: Sequence[again.Sent]) -> str:
    words = "The invitation is on its way again."
    for one in sent:
        if one.updated:
            words += f" Everybody else gets the new dial-in: {one.updated} letters."
        if one.to_telephone:
            words += f" Please telephone it to: {', '.join(one.to_telephone)}."
    return words


def _untold(session: Session, meeting: Meeting) -> list[str]:
    """Whom no letter tells that it is cancelled, by name."""
    return [one.name for one in to_tell_of_cancelling(meeting, read_unreached(session, meeting))]


def _cancelled(meeting: Meeting, names: Sequence[str]) -> str:
    if meeting.starts_at is None:
        return "Cancelled. It was not booked, so nobody had been invited."
    if not names:
        return "Cancelled. Everybody who was invited is told."
    return f"Cancelled. No letter tells {'; '.join(names)}: please telephone them now."


def _told(changed: changes.Changed) -> str:
    parts = [
        f"{number} {one if number == 1 else several}"
        for number, one, several in (
            (changed.updated, "update", "updates"),
            (changed.invited, "invitation", "invitations"),
            (changed.cancelled, "cancellation", "cancellations"),
        )
        if number
    ]
    words = f"Changed. On their way: {', '.join(parts)}." if parts else "Changed."
    if changed.to_telephone:
        words += f" Please telephone: {', '.join(changed.to_telephone)}."
    if changed.to_invite:
        words += f" Nobody comes instead any more: invite {', '.join(changed.to_invite)} again."
    return words
