"""A word to the desk, and how somebody takes part, outlive a shorter answer (D3, D4, D6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.invitations.models import Invitation
from app.invitations.replies.reading import read_mail
from app.meetings.models import Meeting
from app.meetings.received import service as received
from app.meetings.received.types import Outcome
from app.meetings.types import Answer, Format
from tests.factories.guests import Phone, make_link
from tests.factories.replies import Said, google, outlook
from tests.integration.guests.attending import Invited
from tests.page_form import form_of

WORDS = "I need the hearing loop"


def _say(police: Invited, said: Answer, note: str = WORDS) -> None:
    police.phone.post("/attend/answer", "/attend", "answer", answer=said.value, note=note)


def _held(police: Invited) -> tuple[Answer, str | None]:
    with police.change() as session:
        invitee = police.invitee(session)
        return invitee.answer, invitee.answer_note


def _press(app: Any, police: Invited, said: str) -> None:
    with police.change() as session:
        link = f"/i/{make_link(session, police.invitee(session))}"
    Phone(app).post(f"{link}/answer", link, "answer", take_part=said)


def _notes_told(police: Invited) -> list[str | None]:
    """What the audit says became of the note, answer by answer."""
    with police.change() as session:
        entries = session.execute(
            select(AuditEntry.details)
            .where(AuditEntry.action == "invitation answered")
            .order_by(AuditEntry.id)
        ).scalars()
        told = list(entries)
    assert WORDS not in str(told)
    return [one.get("note") for one in told]


@pytest.mark.parametrize(
    ("said", "pressed", "holds"),
    [
        (Answer.DIAL_IN, "yes", Answer.DIAL_IN),
        (Answer.ATTEND, "yes", Answer.ATTEND),
        (Answer.DECLINED, "yes", Answer.ATTEND),
        (Answer.DIAL_IN, "no", Answer.DECLINED),
    ],
)
def test_a_press_at_the_link_keeps_the_note_and_the_fuller_answer(
    app: Any, police: Invited, said: Answer, pressed: str, holds: Answer
) -> None:
    with police.change() as session:
        session.get_one(Meeting, police.meeting_id).format = Format.MEETING
    _say(police, said)
    _press(app, police, pressed)
    assert _held(police) == (holds, WORDS)
    assert _notes_told(police) == ["given", None]


def test_no_at_the_link_leaves_a_report_what_it_is(app: Any, police: Invited) -> None:
    """D5: they are still reminded of it, which whoever cannot come is not."""
    _say(police, Answer.DECLINED)
    police.phone.post("/attend/report", "/attend", "report", body="What we hold", instead="y")
    _press(app, police, "no")
    assert _held(police) == (Answer.REPORT, WORDS)


def test_the_same_yes_to_an_earlier_time_is_no_other_answer(app: Any, police: Invited) -> None:
    """C7: who has said how they come and presses an old letter's yes has said nothing else."""
    with police.change() as session:
        session.get_one(Meeting, police.meeting_id).format = Format.MEETING
    with police.change() as session:
        old = f"/i/{make_link(session, police.invitee(session))}"
    _say(police, Answer.DIAL_IN)
    with police.change() as session:
        invitation = session.get_one(Invitation, police.invitee(session).invitation_id)
        invitation.sequence += 1
        invitation.moved_sequence = invitation.sequence
    Phone(app).post(f"{old}/answer", old, "answer", take_part="yes")
    with police.change() as session:
        assert police.invitee(session).earlier_answer is None


@pytest.mark.parametrize("program", [outlook, google])
@pytest.mark.parametrize(("words", "kept"), [("", WORDS), ("Ten minutes late", "Ten minutes late")])
def test_a_calendar_replaces_the_note_only_by_another(
    police: Invited, program: Any, words: str, kept: str
) -> None:
    _say(police, Answer.DIAL_IN)
    with police.change() as session:
        invitation = session.get_one(Invitation, police.invitee(session).invitation_id)
        asked = Said(invitation.uid, invitation.email, ref=police.ref, stamp=now(), words=words)
    raw = program(asked.but(partstat="ACCEPTED"))
    with police.change() as session:
        assert received.take_in(session, read_mail(raw), raw, now()).outcome is Outcome.NOTED
    assert _held(police) == (Answer.DIAL_IN, kept)
    assert _notes_told(police) == ["given", "replaced" if words else None]


def test_what_staff_were_told_by_telephone_adds_to_it(police: Invited, signed_in: Any) -> None:
    _say(police, Answer.DIAL_IN)
    desk = signed_in(Role.ADMINISTRATOR)
    path = f"/discussions/{police.ref}/invitees/{police.id}/answer"
    for note, kept in (("", WORDS), ("Asks for the number again", "Asks for the number again")):
        fields = form_of(desk.get(path).text, path) | {"answer": "attend", "note": note}
        assert desk.post(path, data=fields).status_code == 303
        assert _held(police) == (Answer.ATTEND, kept)
    assert _notes_told(police) == ["given", None, "replaced"]


def test_who_empties_the_note_on_their_page_takes_it_back(police: Invited) -> None:
    before = form_of(police.phone.get("/attend").text, "/attend/answer")
    _say(police, Answer.DIAL_IN)
    shown = form_of(police.phone.get("/attend").text, "/attend/answer")
    assert shown["answer-note"] == WORDS
    # A page opened before there was a note says nothing of it.
    answer = {"answer-answer": "attend"}
    assert police.phone.client.post("/attend/answer", data=before | answer).status_code == 303
    assert _held(police) == (Answer.ATTEND, WORDS)
    emptied = shown | answer | {"answer-note": ""}
    assert police.phone.client.post("/attend/answer", data=emptied).status_code == 303
    assert _held(police) == (Answer.ATTEND, None)
    assert _notes_told(police) == ["given", None, "taken back"]
