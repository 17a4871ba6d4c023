"""What was told by telephone counts for what was told: after a change, and after a cancellation,
whoever gets no letters is telephoned again (C5, C7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.types import AgencyKind
from app.meetings import answers
from app.meetings.booking import changes, service
from app.meetings.booking.types import ChangeOrder, Chosen, Removal, TypedPerson
from app.meetings.calls.page import sheet_of
from app.meetings.calls.service import telephoned
from app.meetings.calls.types import Outcome
from app.meetings.models import Meeting
from app.meetings.overview import overview_of
from app.meetings.types import Answer, MeetingState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

MINUTE = timedelta(minutes=1)
ONLY = Chosen(
    why="Asked for",
    typed=TypedPerson(
        "Tel Only", "Health visitor", "A surgery", None, "01632 960200",
        agency_kind=AgencyKind.HEALTH,
    ),
    telephone_only=True,
)  # fmt: skip


class Booked:
    """A booking of two who get letters and one who can only be telephoned."""

    def __init__(self):
        with transaction() as session:
            ready = make_ready(session)
            self.staff, self.ref = make_member(ready.chair), ready.meeting.ref
            order = make_order(ready, people=2)
            order = replace(order, people=(*order.people, ONLY))
            service.book(session, self.staff, self.ref, order, SENDER, FRIDAY)

    def people(self, session):
        held = session.execute(select(Meeting).where(Meeting.ref == self.ref)).scalar_one()
        return [one for one in held.invitees if one.staff_id is None]

    def only(self, session):
        return next(one for one in self.people(session) if one.name == "Tel Only")

    def speak(self, at):
        with transaction() as session:
            for one in self.people(session):
                telephoned(session, self.staff, one, Outcome.SPOKE, "", at)

    def change(self, at=FRIDAY + 5 * MINUTE, **order):
        with transaction() as session:
            return changes.change(session, self.staff, self.ref, ChangeOrder(**order), SENDER, at)

    def cards(self, at=FRIDAY + 6 * MINUTE):
        session = reading()
        sheet = sheet_of(session, self.people(session)[0].meeting, at)
        return {card.name: card for card in sheet.cards}, sheet.reached

    def view(self, at=FRIDAY + 6 * MINUTE):
        session = reading()
        view = overview_of(session, self.people(session)[0].meeting, self.staff, at)
        return {one.name: one for one in view.people}


@pytest.fixture
def booked(in_app):
    return Booked()


@pytest.mark.parametrize(
    "order", ({"starts_at": TEN_ON_SATURDAY + timedelta(hours=3)}, {"new_pin": True})
)
def test_spoke_before_a_change_is_not_told_of_it(booked, order):
    booked.speak(FRIDAY)
    assert booked.cards()[1] == "3 of 3 reached or answered"
    assert "Tel Only" in booked.change(**order).to_telephone
    cards, reached = booked.cards()
    assert reached == "0 of 3 reached or answered"
    assert {(one.state, one.state_words) for one in cards.values()} == {
        ("next", "Not told of the last change")
    }
    assert "before the last change" in cards["Tel Only"].calls[0].words
    shown = booked.view()["Tel Only"]
    assert shown.reach.label == "Nothing sent"
    assert "They do not know of the last change yet: telephone them." in shown.remarks
    booked.speak(FRIDAY + 7 * MINUTE)
    assert booked.cards()[1] == "3 of 3 reached or answered"
    shown = booked.view()["Tel Only"]
    assert shown.reach.label == "Telephoned"
    assert not [one for one in shown.remarks if "last change" in one]


def test_an_answer_counts_after_a_new_pin_only_for_who_gets_the_letter(booked):
    with transaction() as session:
        for one in booked.people(session):
            answers.answer(session, one, Answer.DIAL_IN, "", booked.staff.actor, FRIDAY)
    booked.change(new_pin=True)
    cards, reached = booked.cards()
    assert reached == "2 of 3 reached or answered"
    assert [one.name for one in cards.values() if one.state == "next"] == ["Tel Only"]
    # Told and asked again in one call.
    with transaction() as session:
        only = booked.only(session)
        answers.answer(session, only, Answer.DIAL_IN, "", booked.staff.actor, FRIDAY + 8 * MINUTE)
    assert booked.cards(FRIDAY + 9 * MINUTE)[1] == "3 of 3 reached or answered"


def test_somebody_added_later_changes_nothing_for_who_was_told(booked):
    booked.speak(FRIDAY)
    booked.change(additions=(replace(ONLY, typed=replace(ONLY.typed, name="Another")),))
    cards, reached = booked.cards()
    assert reached == "3 of 4 reached or answered"
    assert cards["Another"].state_words == "Not telephoned yet"


def test_who_was_removed_and_can_only_be_telephoned_stands_on_the_call_sheet(booked):
    booked.speak(FRIDAY)
    with transaction() as session:
        number = booked.only(session).id
    booked.change(removals=(Removal(number, "Not their case"),))
    cards, reached = booked.cards()
    assert reached == "0 of 3 reached or answered"  # the others have to hear the new PIN
    gone = cards["Tel Only"]
    assert (gone.state, gone.state_words) == ("next", "Not told that they are no longer asked")
    assert gone.may_call and not gone.may_answer
    session = reading()
    meeting = booked.only(session).meeting
    said = sheet_of(session, meeting, FRIDAY + 6 * MINUTE).script
    assert any("You are not asked to the multi-agency meeting any more." in one for one in said)

    def untold():
        view = overview_of(reading(), meeting, booked.staff, FRIDAY + 6 * MINUTE)
        return view.removed_untold

    assert untold() == {number}
    with transaction() as session:
        at = FRIDAY + 7 * MINUTE
        telephoned(session, booked.staff, booked.only(session), Outcome.SPOKE, "", at)
    assert booked.cards()[0]["Tel Only"].state == "done"
    assert untold() == set()


def test_who_was_removed_and_asked_again_is_telephoned_about_the_booking_alone(booked):
    with transaction() as session:
        number = booked.only(session).id
    booked.change(removals=(Removal(number, "By mistake"),))
    booked.change(FRIDAY + 6 * MINUTE, additions=(ONLY,))
    cards, reached = booked.cards(FRIDAY + 7 * MINUTE)
    assert reached == "0 of 3 reached or answered"
    assert cards["Tel Only"].state_words == "Not telephoned yet"
    with transaction() as session, pytest.raises(Refused, match="not invited any more"):
        telephoned(session, booked.staff, booked.only(session), Outcome.SPOKE, "", FRIDAY)


def test_who_was_removed_is_told_when_it_is_cancelled(booked):
    with transaction() as session:
        number = booked.only(session).id
    booked.change(removals=(Removal(number, "Not their case"),))
    with transaction() as session:
        at = FRIDAY + 6 * MINUTE
        changes.cancel(session, booked.staff, booked.ref, "Not needed", SENDER, at)
    cards, reached = booked.cards(FRIDAY + 7 * MINUTE)
    assert reached == "0 of 1 told that it is cancelled"
    assert cards["Tel Only"].state_words == "Not told that it is cancelled"


def test_who_can_only_be_telephoned_is_told_that_it_is_cancelled(booked):
    booked.speak(FRIDAY)
    with transaction() as session:
        changes.cancel(session, booked.staff, booked.ref, "Not needed", SENDER, FRIDAY + MINUTE)
    cards, reached = booked.cards()
    assert reached == "0 of 1 told that it is cancelled"
    assert cards["Tel Only"].state_words == "Not told that it is cancelled"
    assert cards["Tel Only"].may_call and not cards["Tel Only"].may_answer
    assert booked.view()["Tel Only"].remarks == (
        "They do not know that it is cancelled: telephone them.",
    )
    with transaction() as session:
        people, at = booked.people(session), FRIDAY + 2 * MINUTE
        telephoned(session, booked.staff, booked.only(session), Outcome.SPOKE, "", at)
        with pytest.raises(Refused, match="a letter says"):
            telephoned(session, booked.staff, people[0], Outcome.SPOKE, "", at)
    assert booked.cards()[1] == "1 of 1 told that it is cancelled"
    assert booked.view()["Tel Only"].remarks == ()


def test_cancelling_names_whom_no_letter_reaches_and_leads_to_the_call_sheet(change, signed_in):
    with change() as session:
        meeting = make_meeting(session, invitees=4)
        only = meeting.invitees[1]
        only.invitation_id = None
        url, name, number = f"/discussions/{meeting.ref}", only.name, only.id
    desk = signed_in(Role.ADMINISTRATOR)
    before = desk.get(f"{url}/cancel").text
    assert f"No letter reaches {name}: telephone them" in before
    fields = form_of(before, f"{url}/cancel") | {"reason": "Not needed"}
    sent = desk.post(f"{url}/cancel", data=fields)
    assert sent.location == f"{url}/calls"
    sheet = desk.get(sent.location).text
    assert f"No letter tells {name}: please telephone them now." in sheet
    assert "is cancelled. Nobody dials in." in sheet and "PIN" not in sheet
    tap = f"{url}/calls/{number}"
    assert desk.post(tap, data=form_of(sheet, tap) | {"outcome": "spoke"}).status_code == 303
    assert "1 of 1 told that it is cancelled" in desk.get(f"{url}/calls").text
    assert "Call sheet: who has to be told" in desk.get(url).text


def test_cancelling_says_that_everybody_is_told_where_all_get_letters(change, signed_in):
    with change() as session:
        url = f"/discussions/{make_meeting(session, invitees=3).ref}"
    desk = signed_in(Role.ADMINISTRATOR)
    page = desk.get(f"{url}/cancel").text
    assert "No letter reaches" not in page
    sent = desk.post(f"{url}/cancel", data=form_of(page, f"{url}/cancel") | {"reason": "No need"})
    assert sent.location == url
    assert "Everybody who was invited is told." in desk.get(url).text


def test_cancelling_what_was_never_booked_tells_nobody(change, signed_in):
    with change() as session:
        url = f"/discussions/{make_meeting(session, MeetingState.NEEDED, invitees=0).ref}"
    desk = signed_in(Role.ADMINISTRATOR)
    page = desk.get(f"{url}/cancel").text
    assert "nobody has been invited" in page and "gets a cancellation" not in page
    desk.post(f"{url}/cancel", data=form_of(page, f"{url}/cancel") | {"reason": "No need"})
    said = desk.get(url).text
    assert "nobody had been invited" in said and "is told." not in said
