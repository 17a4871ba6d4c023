"""The call sheet: one tap for each call, the audit, and what the page of the discussion says."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import reading
from app.directory.models import Professional
from app.meetings.calls.models import Call
from app.meetings.calls.types import Outcome
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, MeetingState
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

SAID = "Zebedee's nurse: back at three"


@pytest.fixture
def desk(signed_in):
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def booked(change):
    with change() as session:
        meeting = make_meeting(session, invitees=3)
        people = [one.id for one in meeting.invitees if one.staff_id is None]
        return f"/discussions/{meeting.ref}", people


def tap(browser, address, person, outcome, headers=None, **typed):
    fields = form_of(browser.get(f"{address}/calls").text, f"{address}/calls/{person}")
    data = fields | {"outcome": outcome} | typed
    return browser.post(f"{address}/calls/{person}", data=data, headers=headers or {})


def test_everybody_beside_the_chair_has_a_number_to_tap(desk, booked):
    address, people = booked
    page = desk.get(f"{address}/calls").text
    numbers = re.findall(r'app-call__number" href="tel:\+44', page)
    assert len(numbers) == len(people) == 2
    assert page.count("Not telephoned yet") == 2
    assert "0 of 2 reached or answered" in page
    assert "What to say" in page and "No name of a child" in page


def test_a_number_that_the_directory_holds_since_stands_on_the_sheet(change, desk, booked):
    """C5: what the sheet says to do about a missing number works."""
    address, (first, second) = booked
    with change() as session:
        found, typed = (session.get_one(Invitee, one) for one in (first, second))
        found.telephone, typed.telephone, typed.professional_id = None, None, None
        person = session.get_one(Professional, found.professional_id)
        number, person.telephone = "01632 960177", ""
        person_id = person.id
    page = desk.get(f"{address}/calls").text
    assert page.count("No number is held. Enter one in the directory.") == 1
    assert page.count("No number is held.") == 2
    with change() as session:
        session.get_one(Professional, person_id).telephone = number
    page = desk.get(f"{address}/calls").text
    assert "Enter one in the directory" not in page
    assert number in page


def test_a_number_can_be_noted_where_they_are_telephoned(app, change, desk, booked):
    """C5, D7: of somebody typed without one, or with a wrong one."""
    address, (first, second) = booked
    with change() as session:
        typed = session.get_one(Invitee, first)
        typed.telephone = typed.professional_id = None
    there = f"{address}/calls/{first}/number"
    page = desk.get(f"{address}/calls").text
    assert page.count("Enter a number<") == 1 and page.count("Another number<") == 1
    fields = form_of(page, there)
    assert desk.post(there, data=fields | {"telephone": "none"}).status_code == 422
    done = desk.post(there, data=fields | {"telephone": "01632  960188"})
    assert done.status_code == 303 and done.location.endswith(f"#person-{first}")
    page = desk.get(f"{address}/calls").text
    assert 'href="tel:+441632960188"' in page and "No number is held" not in page
    # Whoever still looks at the page as it was overwrites nothing.
    fresh = form_of(page, there) | {"version": fields["version"], "telephone": "01632 960199"}
    refused = desk.post(there, data=fresh)
    assert refused.status_code == 422 and "Somebody else changed this meanwhile" in refused.text
    assert "01632 960199" in refused.text
    with app.app_context():
        assert reading().get_one(Invitee, first).telephone == "01632 960188"
        noted = select(AuditEntry).where(AuditEntry.action == "number noted")
        [entry] = reading().execute(noted).scalars()
        assert entry.details == {"invitee": first, "had_one": False}
    with change() as session:
        session.get_one(Invitee, second).meeting.state = MeetingState.ENDED
    assert "Another number<" not in desk.get(f"{address}/calls").text
    assert desk.post(there, data=fresh).status_code == 422


def test_a_tap_is_kept_with_what_was_said_and_when_to_try_again(app, desk, booked):
    address, (first, second) = booked
    assert tap(desk, address, first, "no_answer").location.endswith(f"#person-{first}")
    tap(desk, address, second, "spoke", said=SAID)
    page = desk.get(f"{address}/calls").text
    assert "No answer: again at" in page
    assert SAID.replace("'", "&#39;") in page
    assert "1 of 2 reached" in page
    # Who is done stands last.
    assert page.index(f'id="person-{first}"') < page.index(f'id="person-{second}"')
    with app.app_context():
        calls = reading().execute(select(Call).order_by(Call.id)).scalars().all()
        assert [one.outcome for one in calls] == [Outcome.NO_ANSWER, Outcome.SPOKE]
        assert calls[0].again_at is not None and calls[1].again_at is None
        entries = reading().execute(
            select(AuditEntry).where(AuditEntry.action == "telephoned").order_by(AuditEntry.id)
        )
        rows = entries.scalars().all()
        assert [row.details["outcome"] for row in rows] == ["no_answer", "spoke"]
        assert rows[0].details["said"] is None and len(rows[1].details["said"]) == 64
        assert "Zebedee" not in str(rows[1].details)
    overview = desk.get(address).text
    assert "Telephoned: spoke" in overview and "Telephoned: no answer" in overview


def test_a_tap_by_htmx_brings_back_that_card_alone(desk, booked):
    address, (first, second) = booked
    card = tap(desk, address, first, "message_left", headers={"HX-Request": "true"})
    assert card.status_code == 200
    assert f'id="person-{first}"' in card.text and f"person-{second}" not in card.text
    assert "<html" not in card.text and 'role="status"' in card.text
    again = form_of(card.text, f"{address}/calls/{first}")
    assert desk.post(f"{address}/calls/{first}", data=again | {"outcome": "spoke"}).location


def test_the_same_tap_twice_is_one_call(app, desk, booked):
    address, (first, _) = booked
    fields = form_of(desk.get(f"{address}/calls").text, f"{address}/calls/{first}")
    for _ in range(2):
        assert desk.post(
            f"{address}/calls/{first}", data=fields | {"outcome": "spoke"}
        ).status_code == 303  # fmt: skip
    with app.app_context():
        assert len(reading().execute(select(Call)).scalars().all()) == 1


def test_a_tap_that_is_none_of_the_three_keeps_what_was_typed(desk, booked):
    address, (first, _) = booked
    answer = tap(desk, address, first, "fax", said="half a sentence")
    assert answer.status_code == 422
    assert "Tap what came of the call" in answer.text
    assert 'value="half a sentence"' in answer.text


@pytest.mark.parametrize("state", (MeetingState.ENDED, MeetingState.CANCELLED))
def test_once_it_is_over_no_call_is_noted(change, desk, booked, state):
    address, (first, _) = booked
    fields = form_of(desk.get(f"{address}/calls").text, f"{address}/calls/{first}")
    with change() as session:
        session.execute(select(Meeting)).scalar_one().state = state
    answer = desk.post(f"{address}/calls/{first}", data=fields | {"outcome": "spoke"})
    assert answer.status_code == 422
    page = desk.get(f"{address}/calls").text
    assert "No calls are needed any more" in page and 'name="outcome"' not in page


def test_who_was_removed_is_not_telephoned(change, desk, booked):
    address, (first, _) = booked
    fields = form_of(desk.get(f"{address}/calls").text, f"{address}/calls/{first}")
    with change() as session:
        held = session.get(Invitee, first)
        held.removed_at = held.invited_at
    answer = desk.post(f"{address}/calls/{first}", data=fields | {"outcome": "spoke"})
    assert answer.status_code == 422
    assert f"person-{first}" not in desk.get(f"{address}/calls").text


def test_who_has_answered_needs_no_call(change, desk, booked):
    address, (first, _) = booked
    with change() as session:
        session.get(Invitee, first).answer = Answer.DIAL_IN
    page = desk.get(f"{address}/calls").text
    assert "1 of 2 reached or answered" in page
    assert f"/calls/{first}" not in page


def test_a_person_of_another_discussion_is_not_found(change, desk, booked):
    address, (first, _) = booked
    with change() as session:
        other = f"/discussions/{make_meeting(session).ref}"
    fields = form_of(desk.get(f"{address}/calls").text, f"{address}/calls/{first}")
    answer = desk.post(f"{other}/calls/{first}", data=fields | {"outcome": "spoke"})
    assert answer.status_code == 422
