"""A link accepts the time that its own letter told, and no other (D3, C7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.invitations.models import Invitation
from app.invitations.types import Change, LetterKind
from app.meetings import messages
from app.meetings.models import Invitee, Meeting
from app.meetings.rules import after_move
from app.meetings.types import Answer
from tests.factories.booking import SENDER
from tests.factories.guests import Phone, make_link
from tests.integration.guests.attending import HOUR, Invited


def _moved(police: Invited, *changed: Change) -> None:
    """What a change of the booking does to one who stays."""
    with police.change() as session:
        invitee = police.invitee(session)
        if Change.TIME in changed:
            meeting = session.get_one(Meeting, police.meeting_id)
            meeting.starts_at, meeting.ends_at = now() + 30 * HOUR, now() + 31 * HOUR
            invitee.answer = after_move(invitee.answer)
        kind = LetterKind.UPDATE
        messages.send(session, kind, invitee.meeting, [invitee], SENDER, now(), changed)


def _link(police: Invited) -> str:
    with police.change() as session:
        return f"/i/{make_link(session, police.invitee(session))}"


def _press(app: Any, link: str, said: str = "yes") -> str:
    done = Phone(app).post(f"{link}/answer", link, "answer", take_part=said)
    assert done.status_code == 303
    return str(done.location)


def _held(police: Invited) -> Invitee:
    with police.change() as session:
        return police.invitee(session)


@pytest.mark.parametrize("said", ["yes", "no"])
def test_a_link_of_a_letter_before_the_move_answers_nothing(
    app: Any, police: Invited, signed_in: Any, said: str
) -> None:
    old = _link(police)
    _moved(police, Change.TIME)
    _press(app, old, said)
    held = _held(police)
    assert held.answer is Answer.NONE and held.answered_at is not None
    with police.change() as session:
        actions = session.execute(select(AuditEntry.action)).scalars().all()
        assert "answered to an earlier time" in actions
        assert "invitation answered" not in actions
    page = signed_in(Role.ADMINISTRATOR).get(f"/discussions/{police.ref}").text
    assert "Answered to an earlier time: ask again." in page
    _press(app, _link(police), said)
    assert _held(police).answer is (Answer.DECLINED if said == "no" else Answer.DIAL_IN)


def test_an_old_link_takes_no_answer_to_the_new_time_back(
    app: Any, police: Invited, signed_in: Any
) -> None:
    old = _link(police)
    _moved(police, Change.TIME)
    _press(app, _link(police), "no")
    _press(app, old)
    assert _held(police).answer is Answer.DECLINED
    page = signed_in(Role.ADMINISTRATOR).get(f"/discussions/{police.ref}").text
    assert "On the letter of an earlier time they pressed “Will dial in”, " in page


def test_a_new_pin_leaves_earlier_links_as_they_were(app: Any, police: Invited) -> None:
    old = _link(police)
    _moved(police, Change.DIAL_IN)
    _press(app, old)
    assert _held(police).answer is Answer.DIAL_IN


def test_a_reminder_after_the_move_tells_the_new_time(app: Any, police: Invited) -> None:
    _moved(police, Change.TIME)
    with police.change() as session:
        held = session.get_one(Invitation, police.invitee(session).invitation_id)
        assert held.moved_sequence == held.sequence == 1
    _press(app, _link(police))
    assert _held(police).answer is Answer.DIAL_IN


def test_old_and_new_link_are_answered_in_the_same_words(app: Any, police: Invited) -> None:
    old = _link(police)
    _moved(police, Change.TIME)
    said = []
    for link in (old, _link(police)):
        phone = Phone(app)
        phone.post(f"{link}/answer", link, "answer", take_part="yes")
        said.append("The desk will see it if this link is in use" in phone.get(link).text)
    assert said == [True, True]


def test_a_page_opened_before_the_move_accepts_nothing_unseen(police: Invited) -> None:
    with police.change() as session:
        seen = session.get_one(Meeting, police.meeting_id).starts_at
        assert seen is not None
    _moved(police, Change.TIME)
    asked = {"answer": "dial_in", "note": "Happy to", "shown": seen.isoformat()}
    refused = police.phone.post("/attend/answer", "/attend", "answer", **asked)
    assert refused.status_code == 422
    assert "The time has changed since you opened this page" in refused.text
    assert "Happy to" in refused.text
    assert _held(police).answer is Answer.NONE
    again = police.phone.post("/attend/answer", "/attend", "answer", answer="dial_in")
    assert again.status_code == 303
    assert _held(police).answer is Answer.DIAL_IN
