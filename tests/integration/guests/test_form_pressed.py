"""The two buttons without a code, at the link of a form (C6, D3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.crypto import new_token
from app.core.session import db
from app.guests import service
from app.invitations.models import Invitation
from app.invitations.service import invite, new_link
from app.meetings.models import Invitee
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.meetings.types import Answer, MeetingState
from app.outbox import service as outbox
from app.protocols.types import FormKind
from tests.factories.guests import Phone, make_link
from tests.factories.mail import make_message
from tests.factories.meetings import make_meeting
from tests.integration.guests.attending import PDF

CANNOT = "“I cannot take part”, pressed"


class Sent:
    """A form that went by link and waits for an answer."""

    def __init__(self, app: Any, change: Any) -> None:
        self.app, self.change = app, change
        with change() as session:
            meeting = make_meeting(session)
            invitation = invite(session, "On call", "on.call@nhs-trust.example", True, now())
            form = SentForm(
                meeting_id=meeting.id, kind=FormKind.POLICE_REQUEST, number=1, name="Form 87A",
                pdf=PDF, sha256="0" * 64, email=invitation.email, attached=False,
                invitation_id=invitation.id,
                message_id=outbox.enqueue(session, make_message(), now()).id, sent_at=now(),
                sent_by_id=meeting.chair_id, state=FormState.SENT,
                chase_at=now() + timedelta(hours=1), chases=0, settled_at=None, reply=None,
            )  # fmt: skip
            session.add(form)
            session.flush()
            self.ref, self.link = meeting.ref, new_link(session, invitation, now())
            self.invitation_id = invitation.id

    def press(self, take_part: str) -> str:
        base, phone = f"/i/{self.link}", Phone(self.app)
        done = phone.post(f"{base}/answer", base, "answer", take_part=take_part)
        assert done.status_code == 303
        return phone.get(base).text

    def held(self) -> SentForm:
        with self.change() as session:
            return session.execute(select(SentForm)).scalars().one()

    def audit(self) -> list[AuditEntry]:
        with self.change() as session:
            asked = select(AuditEntry).where(AuditEntry.actor_label.contains("without a code"))
            return list(session.execute(asked.order_by(AuditEntry.id)).scalars())


@pytest.fixture
def sent(app: Any, change: Any) -> Sent:
    return Sent(app, change)


def test_who_cannot_is_seen_at_the_desk_and_followed_up_at_once(sent: Sent, signed_in: Any) -> None:
    sent.press("no")
    held = sent.held()
    assert (held.state, held.settled_at) == (FormState.SENT, None)
    assert held.reply and CANNOT in held.reply
    assert held.chase_at and held.chase_at <= now()
    [entry] = sent.audit()
    assert entry.action == "form answered without a code"
    assert (entry.details["form"], entry.details["answer"]) == ("police_request", "cannot")
    desk = signed_in(Role.ADMINISTRATOR)
    page = desk.get(f"/discussions/{sent.ref}/forms/police_request").text
    assert CANNOT in page and "Chase now" in page


def test_who_will_is_seen_too_and_nothing_is_settled_by_it(sent: Sent, signed_in: Any) -> None:
    before = sent.held().chase_at
    sent.press("yes")
    held = sent.held()
    assert (held.state, held.chase_at) == (FormState.SENT, before)
    desk = signed_in(Role.ADMINISTRATOR)
    page = desk.get(f"/discussions/{sent.ref}/forms/police_request").text
    assert "“I will take part”, pressed" in page


def test_a_form_that_was_answered_stays_as_it_is(sent: Sent) -> None:
    with sent.change() as session:
        form = session.execute(select(SentForm)).scalars().one()
        form.state, form.settled_at, form.reply = FormState.ACKNOWLEDGED, now(), "DS Jo has it"
    sent.press("no")
    assert (sent.held().state, sent.held().reply) == (FormState.ACKNOWLEDGED, "DS Jo has it")
    assert [one.action for one in sent.audit()] == ["pressed an answer too late"]


@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
def test_a_link_that_has_ended_notes_nothing(sent: Sent, ended: str) -> None:
    with sent.change() as session:
        setattr(session.get_one(Invitation, sent.invitation_id), ended, now())
    sent.press("no")
    assert sent.held().reply is None and not sent.audit()


def test_as_much_is_asked_and_written_as_for_no_link(in_app: None, sent: Sent) -> None:
    asked: list[str] = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def _note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement.split()[0])

    seen = []
    for token in (new_token(), sent.link, new_token()):
        asked.clear()
        with sent.change() as session:
            service.answer_without_code(session, token, False, now())
        seen.append(sorted(one for one in asked if one in ("SELECT", "INSERT")))
    assert seen[1] == seen[2] and "INSERT" in seen[2]  # the first fills what is kept for later


def test_every_link_says_in_the_same_words_what_the_buttons_do(
    app: Any, change: Any, sent: Sent
) -> None:
    with change() as session:
        invitee = make_meeting(session, MeetingState.SIGNED).invitees[1]
        record, invitee_id = make_link(session, invitee), invitee.id
    said = set()
    for token in (sent.link, record, new_token()):
        base, phone = f"/i/{token}", Phone(app)
        before = phone.get(base).text
        assert "these buttons note nothing there" in before
        phone.post(f"{base}/answer", base, "answer", take_part="no")
        after = phone.get(base).text
        start = after.index("You said that")
        said.add(after[start : after.index("</p>", start)])
    [words] = said
    assert "For a record or for actions nothing is noted" in words
    assert "your answer has been noted" not in words
    with change() as session:
        assert session.get_one(Invitee, invitee_id).answer is Answer.NONE
