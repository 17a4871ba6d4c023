"""What is left on an invitee's page once the meeting was held: actions, dissent (D4, E3, E4)."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.audit.models import AuditEntry
from app.meetings.discussion.models import Action, Dissent
from app.meetings.types import ActionState, MeetingState
from tests.integration.guests.attending import Invited
from tests.page_form import mark_of


def test_after_the_meeting_there_is_nothing_left_to_answer(police: Invited) -> None:
    answer_page = police.phone.get("/attend").text
    police.set_state(MeetingState.ENDED)
    page = police.phone.get("/attend").text
    assert "Will you take part?" in answer_page
    for words in ("Will you take part?", "PIN", "tel:+4420794602", "The concern"):
        assert words not in page
    for path, prefix, fields in (
        ("answer", "answer", {"answer": "attend"}),
        ("report", "report", {"body": "late", "nonce": "n"}),
        ("colleague", "colleague",
         {"name": "A", "role": "B", "email": "a@b.example", "nonce": "m", "decides": "no"}),
    ):  # fmt: skip
        sent = police.phone.post(f"/attend/{path}", "/attend", prefix, **fields)
        assert sent.status_code == 422
        assert "The meeting is over" in sent.text
    late = police.phone.post("/attend/report", "/attend", "report", body="Long words", nonce="o")
    assert "It was not sent." in late.text and "Long words" in late.text


def test_after_a_cancellation_nothing_of_the_case_is_left(police: Invited) -> None:
    police.set_state(MeetingState.CANCELLED)
    page = police.phone.get("/attend").text
    assert "This meeting was cancelled" in page
    for words in ("Okonjo", "Physical abuse", "PIN", "Will you take part?"):
        assert words not in page


def test_own_actions_are_shown_at_once_and_marked_until_signed(police: Invited) -> None:
    number = police.add_action("See the child alone <b>today</b>")
    police.set_state(MeetingState.ENDED)
    page = police.phone.get("/attend").text
    assert "See the child alone &lt;b&gt;today" in page and "Not yet signed" in page
    sent = police.phone.post(
        f"/attend/actions/{number}", "/attend", f"action-{number}",
        state="done", progress="Seen at school",
    )  # fmt: skip
    assert (sent.status_code, sent.location) == (303, "/attend#actions")
    with police.change() as session:
        action = session.get_one(Action, number)
        assert (action.state, action.progress) == (ActionState.DONE, "Seen at school")
        assert action.closed_at is not None
        entry = session.execute(select(AuditEntry).order_by(AuditEntry.id.desc())).scalars().first()
        assert "Seen at school" not in str(entry.details)
    police.set_state(MeetingState.SIGNED)
    page = police.phone.get("/attend").text
    assert "Not yet signed" not in page and "Seen at school" in page


def test_two_behind_one_address_do_not_overwrite_each_other(police: Invited) -> None:
    number = police.add_action()
    police.set_state(MeetingState.ENDED)
    path, prefix = f"/attend/actions/{number}", f"action-{number}"
    police.phone.post(path, "/attend", prefix, state="done", progress="Theirs", version="1")
    late = police.phone.post(path, "/attend", prefix, state="open", progress="Mine", version="1")
    assert late.status_code == 422
    assert "Theirs" in late.text and "Mine" in late.text
    forged = police.phone.post(path, "/attend", prefix, state="open", version="9" * 5000)
    assert forged.status_code == 422
    again = police.phone.post(path, "/attend", prefix, state="open", progress="Mine")
    assert again.status_code == 303


def test_what_is_not_possible_needs_a_word(police: Invited) -> None:
    number = police.add_action()
    sent = police.phone.post(
        f"/attend/actions/{number}", "/attend", f"action-{number}",
        state="not_possible", progress="",
    )  # fmt: skip
    assert sent.status_code == 422
    assert f'id="action-{number}-progress-error"' in sent.text


def test_disagreeing_is_kept_with_its_reason(police: Invited) -> None:
    police.set_state(MeetingState.ENDED)
    empty = police.phone.post("/attend/disagree", "/attend", "disagree", what="This", why="")
    assert empty.status_code == 422 and 'id="disagree-why-error"' in empty.text
    sent = police.phone.post(
        "/attend/disagree", "/attend", "disagree", what="No joint enquiry", why="A crime"
    )
    assert sent.status_code == 303
    with police.change() as session:
        [dissent] = session.execute(select(Dissent)).scalars()
        assert (dissent.invitee_id, dissent.what, dissent.why) == (
            police.id, "No joint enquiry", "A crime",
        )  # fmt: skip
        assert dissent.recorded_by_id is None
    assert "No joint enquiry" in police.phone.get("/attend").text


def test_nobody_disagrees_before_the_meeting(police: Invited) -> None:
    page = police.phone.get("/attend").text
    csrf = re.search(r'csrf_token" value="([^"]+)"', page)
    assert csrf and "I disagree" not in page
    sent = police.phone.client.post(
        "/attend/disagree",
        data={"disagree-csrf_token": csrf[1], "disagree-nonce": "n", "disagree-what": "a",
              "disagree-why": "b", **mark_of(page)},
    )  # fmt: skip
    assert sent.status_code == 422
    with police.change() as session:
        assert not session.execute(select(Dissent)).scalars().all()
