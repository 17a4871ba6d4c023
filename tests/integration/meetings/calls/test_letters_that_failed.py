"""Whose mail came back learned nothing by it: they are telephoned like whoever gets no letters, and
the call can be noted (C5, C7, D7)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings import answers
from app.meetings.booking import again, changes, service
from app.meetings.booking.types import Again, ChangeOrder, Removal
from app.meetings.calls.page import sheet_of
from app.meetings.calls.service import telephoned
from app.meetings.calls.types import Outcome
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.overview import overview_of
from app.meetings.types import Answer, Format, MeetingState
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready
from tests.integration.reports.first_page import line_of
from tests.page_form import form_of

MINUTE = timedelta(minutes=1)


class Bounced:
    """A booking of three, of whom the first gets no mail: it comes back."""

    def __init__(self, at=FRIDAY, start=TEN_ON_SATURDAY):
        with transaction() as session:
            ready = make_ready(session)
            self.staff, self.ref = make_member(ready.chair), ready.meeting.ref
            order = make_order(ready, start, people=3, late_reason="Nobody before")
            service.book(session, self.staff, self.ref, order, SENDER, at)
            held = [one for one in ready.meeting.invitees if one.staff_id is None]
            self.id, self.name = held[0].id, held[0].name

    def meeting(self, session):
        return session.execute(select(Meeting).where(Meeting.ref == self.ref)).scalar_one()

    def comes_back(self, state=MessageState.BOUNCED):
        """What was sent to them last comes back, or is refused."""
        with transaction() as session:
            last = session.execute(
                select(OutboxMessage)
                .join(Delivery, Delivery.message_id == OutboxMessage.id)
                .where(Delivery.invitee_id == self.id)
                .order_by(OutboxMessage.id.desc())
                .limit(1)
            ).scalar_one()
            outbox.bounced(session, last, "There is no such mailbox.", FRIDAY)
            last.state = state

    def all_sent(self):
        with transaction() as session:
            for one in session.execute(select(OutboxMessage)).scalars():
                if one.state is MessageState.QUEUED:
                    one.state, one.sent_at = MessageState.SENT, FRIDAY

    def answers(self, at=FRIDAY, said=Answer.DIAL_IN):
        with transaction() as session:
            who = session.get_one(Invitee, self.id)
            answers.answer(session, who, said, "", self.staff.actor, at)

    def speak(self, at):
        with transaction() as session:
            who = session.get_one(Invitee, self.id)
            telephoned(session, self.staff, who, Outcome.SPOKE, "", at)

    def change(self, at=FRIDAY + 5 * MINUTE, **order):
        with transaction() as session:
            changes.change(session, self.staff, self.ref, ChangeOrder(**order), SENDER, at)

    def cancel(self, at=FRIDAY + 5 * MINUTE):
        with transaction() as session:
            changes.cancel(session, self.staff, self.ref, "Not needed", SENDER, at)

    def card(self, at=FRIDAY + 10 * MINUTE):
        session = reading()
        sheet = sheet_of(session, self.meeting(session), at)
        return next((one for one in sheet.cards if one.id == self.id), None)

    def view(self, at=FRIDAY + 10 * MINUTE):
        session = reading()
        return overview_of(session, self.meeting(session), self.staff, at)

    def remarks(self):
        return next(one.remarks for one in self.view().people if one.id == self.id)


@pytest.fixture
def one(in_app):
    return Bounced()


FAILED = (MessageState.BOUNCED, MessageState.REFUSED, MessageState.DEAD)


@pytest.mark.parametrize("order", ({"place": "Ward 3"}, {"new_pin": True}), ids=("place", "pin"))
@pytest.mark.parametrize("state", FAILED)
def test_a_change_whose_letter_failed_is_not_known_to_who_answered_before(one, state, order):
    """C7: green and done would be dialling in with the old PIN, or going to the old place."""
    one.answers()
    if "place" in order:
        order = {**order, "format": Format.HOSPITAL}
    one.change(**order)
    assert one.card().state == "done"
    one.comes_back(state)
    assert (one.card().state, one.card().state_words) == ("next", "Not told of the last change")
    assert one.remarks() == (
        "Their letter did not arrive. They do not know of the last change yet: telephone them.",
    )
    one.speak(FRIDAY + 7 * MINUTE)
    assert one.card().state == "done" and one.remarks() == ()


def test_sending_it_again_is_a_letter_that_counts(one):
    one.answers()
    one.change(new_pin=True)
    one.comes_back()
    with transaction() as session:
        at = FRIDAY + 6 * MINUTE
        again.send_again(session, one.staff, one.ref, one.id, Again(), SENDER, at)
    assert one.card().state == "done"


def test_who_never_had_the_invitation_is_told_that_it_is_cancelled(one):
    """C7: also while the cancellation is on its way to the address that mail came back from."""
    one.comes_back()
    one.speak(FRIDAY + MINUTE)
    one.answers(FRIDAY + MINUTE)
    one.cancel()
    for after in (lambda: None, one.all_sent, one.comes_back):
        after()
        assert one.card().state_words == "Not told that it is cancelled"
        assert one.remarks() == ("They do not know that it is cancelled: telephone them.",)
        assert any(step.endpoint == "calls.sheet" for step in one.view().others)
    one.speak(FRIDAY + 6 * MINUTE)
    assert one.card().state == "done" and one.remarks() == ()


def test_a_cancellation_that_came_back_is_told_and_one_that_arrived_is_not(one):
    one.cancel()
    one.all_sent()
    assert one.card() is None
    with transaction() as session, pytest.raises(Refused, match="a letter says that"):
        telephoned(session, one.staff, session.get_one(Invitee, one.id), Outcome.SPOKE, "", FRIDAY)
    one.comes_back()
    assert one.card().state_words == "Not told that it is cancelled"


def test_who_was_removed_and_whose_letter_came_back_stands_on_the_call_sheet(one):
    one.change(removals=(Removal(one.id, "Works with the father"),))
    assert one.card() is None
    one.comes_back()
    assert one.card().state_words == "Not told that they are no longer asked"
    assert one.view().removed_untold == {one.id}
    one.speak(FRIDAY + 7 * MINUTE)
    assert one.card().state == "done" and one.view().removed_untold == set()


def test_a_stranger_who_got_the_letter_at_a_wrong_address_is_not_telephoned(one):
    one.all_sent()
    with transaction() as session:
        order = Again(email="right@visits.example", told=True)
        again.send_again(session, one.staff, one.ref, one.id, order, SENDER, FRIDAY + MINUTE)
        [wrong] = [it for it in one.meeting(session).invitees if it.wrong_address]
        one.id = wrong.id
    one.comes_back()
    assert one.card() is None


@pytest.fixture
def soon(in_app):
    start = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=26)
    return Bounced(now(), start)


def test_the_desk_is_told_whom_to_telephone_when_it_cancels(soon, signed_in):
    soon.comes_back()
    desk, url = signed_in(Role.ADMINISTRATOR), f"/discussions/{soon.ref}/cancel"
    page = desk.get(url).text
    assert f"No letter reaches {soon.name}" in page
    fields = form_of(page, url) | {"reason": "The child moved"}
    answer = desk.post(url, data=fields, follow_redirects=True)
    assert f"No letter tells {soon.name}: please telephone them now." in answer.text
    assert "Everybody who was invited is told" not in answer.text
    assert "No calls are needed any more" not in answer.text
    there = f"/discussions/{soon.ref}/calls/{soon.id}"
    noted = desk.post(there, data=form_of(answer.text, there) | {"outcome": "spoke"})
    assert noted.status_code == 303


@pytest.mark.parametrize("how", ("removed", "colleague", "under way", "ended", "cancelled"))
def test_the_first_page_says_what_can_be_done_about_a_letter_that_failed(soon, signed_in, how):
    """D7: "send it again" only where it can be pressed."""
    desk = signed_in(Role.ADMINISTRATOR)
    if how == "removed":
        soon.change(now(), removals=(Removal(soon.id, "Works with the father"),))
    soon.comes_back()
    if how == "cancelled":
        soon.cancel(now())
    with transaction() as session:
        meeting = soon.meeting(session)
        if how == "colleague":
            session.get_one(Invitee, soon.id).answer = Answer.DEPUTY
        if how in ("under way", "ended"):
            meeting.state, meeting.started_at = MeetingState.UNDER_WAY, now()
        if how == "ended":
            meeting.state, meeting.ended_at = MeetingState.ENDED, now()
    page = desk.get("/").text
    items = [it for it in page.split('<li class="app-work__item') if "A message did not" in it]
    [words] = [" ".join(re.sub(r"<[^>]+>", " ", it).split()) for it in items]
    assert "send it again" not in words
    assert {
        "removed": "They are not asked any more.",
        "colleague": "A colleague comes instead.",
        "under way": "The discussion is under way.",
        "ended": "The discussion is over.",
        "cancelled": "The discussion is cancelled.",
    }[how] in words
    assert "mark it as seen under Deliveries" in words
    assert ("Telephone them" in words) == (how not in ("ended", "colleague"))


def test_what_can_be_sent_again_still_says_so(soon, signed_in):
    soon.comes_back()
    words = line_of(signed_in(Role.ADMINISTRATOR).get("/").text, soon.ref)
    assert "check the address, then send it again" in words
