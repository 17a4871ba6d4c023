"""An open action goes to somebody else after the record was signed (E3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.invitations.models import Invitation
from app.meetings.actions.models import ActionHandover, ActionReminder
from app.meetings.actions.service import remind
from app.meetings.actions.worker import remind_owners
from app.meetings.discussion.models import Action
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import ActionState, Answer, MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import worker
from app.records.actions.handover import hand_over, takers
from app.records.models import RecordVersion
from app.referrals.sender import Sender
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.records import as_member, make_signed
from tests.integration.records.circulating import AFTER, LATER, deliver, release, settings_of
from tests.page_form import form_of

Change = Callable[[], AbstractContextManager[Session]]
SENDER = Sender("desk@example.org", "https://desk.example.org")
DAY = timedelta(days=1)
REPORTED = "Rang the house twice, nobody in."


class Case(NamedTuple):
    meeting_id: int
    action_id: int
    ids: tuple[int, ...]  # chair, police, health, school


@pytest.fixture
def case(in_app: Flask) -> Iterator[Case]:
    """A signed record that went to everybody; the police have an action, due on Saturday."""
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER)
        release(session, meeting)
        police = meeting.invitees[1]
        for action in session.query(Action).filter(Action.owner_id != police.id):
            action.removed_at = AFTER
        held = session.query(Action).filter_by(owner_id=police.id).one()
        held.progress, held.told_at = REPORTED, AFTER
        found = Case(meeting.id, held.id, tuple(one.id for one in meeting.invitees))
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliver(session)
    yield found


def give(
    case: Case, to: int, moment: datetime, *, version: int | None = None, sender: Sender = SENDER
) -> int:
    with transaction() as session:
        action = session.get_one(Action, case.action_id)
        return hand_over(
            session,
            as_member(make_staff(session, Role.ADMINISTRATOR)),
            session.get_one(Meeting, case.meeting_id),
            action,
            to,
            "She has moved to another force",
            action.version if version is None else version,
            sender,
            moment,
        )


def letters(kind: str) -> int:
    return reading().query(OutboxMessage).filter_by(kind=kind).count()


def invitation_of(session: Session, invitee_id: int) -> Invitation:
    return session.get_one(Invitation, session.get_one(Invitee, invitee_id).invitation_id)


def test_the_new_owner_is_told_and_reminded_and_the_record_stays(in_app: Flask, case: Case) -> None:
    _chair, police, health, _school = case.ids
    before = reading().execute(select(RecordVersion.content)).scalars().all()
    settings = settings_of(in_app)
    overdue = reading().get_one(Action, case.action_id).due_at + DAY
    remind_owners(settings, overdue)
    assert letters("actions_late") == 1
    with transaction() as session:
        invitation_of(session, health).revoked_at = AFTER  # it was withdrawn meanwhile
    assert give(case, health, overdue) == 1
    db.session.remove()
    session = reading()
    action = session.get_one(Action, case.action_id)
    assert (action.owner_id, action.progress, action.state) == (health, None, ActionState.OPEN)
    row = session.query(ActionHandover).one()
    assert (row.from_id, row.to_id, row.progress) == (police, health, REPORTED)
    assert letters("actions_handed") == 1
    told = session.query(Delivery).filter_by(invitee_id=health, kind=MessageKind.ACTIONS).one()
    assert "handed" in session.get_one(OutboxMessage, told.message_id).kind
    assert invitation_of(session, health).revoked_at is None
    assert invitation_of(session, health).expires_at is None  # it lives while the action is open
    assert invitation_of(session, police).expires_at == AFTER + 14 * DAY
    entry = select(AuditEntry).where(AuditEntry.action == "handed an action over")
    assert session.execute(entry).scalar_one().details == {
        "action": case.action_id, "from": police, "to": health, "letters": 1,
    }  # fmt: skip
    assert session.execute(select(RecordVersion.content)).scalars().all() == before
    # What was due to go so far is settled by that letter; the next goes to the new owner alone.
    assert remind_owners(settings, overdue + timedelta(hours=1)) == 0
    assert remind_owners(settings, overdue + 3 * DAY) == 1
    late = reading().query(OutboxMessage).filter_by(kind="actions_late")
    newest = late.order_by(OutboxMessage.id.desc()).first()
    assert newest is not None
    to = select(Delivery.invitee_id).where(Delivery.message_id == newest.id)
    assert reading().execute(to).scalar_one() == health


def test_a_reminder_that_waits_goes_nowhere_and_those_ahead_go_to_the_new_owner(
    in_app: Flask, case: Case
) -> None:
    settings, due_at = settings_of(in_app), reading().get_one(Action, case.action_id).due_at
    remind_owners(settings, due_at - timedelta(hours=20))
    give(case, case.ids[2], due_at - timedelta(hours=10))
    db.session.remove()
    soon = reading().query(OutboxMessage).filter_by(kind="actions_soon").one()
    assert soon.state is MessageState.WITHDRAWN
    assert remind_owners(settings, due_at - timedelta(hours=9)) == 0
    assert remind_owners(settings, due_at) == 1
    assert reading().query(ActionReminder).count() == 2


def test_a_colleague_of_the_council_is_told_by_a_notice(in_app: Flask, case: Case) -> None:
    notices = letters("notice")
    assert give(case, case.ids[0], LATER) == 1
    assert letters("notice") == notices + 1
    content = reading().query(OutboxMessage).order_by(OutboxMessage.id.desc()).first()
    assert content is not None
    assert "It is yours now" in " ".join(content.content.decode().split())


def test_who_counts_no_more_gets_nothing(in_app: Flask, case: Case) -> None:
    chair, police, health, school = case.ids
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        session.get_one(Invitee, school).removed_at = AFTER
        session.get_one(Staff, session.get_one(Invitee, chair).staff_id).ended_at = AFTER
        action = session.get_one(Action, case.action_id)
        session.expire_all()
        assert [one.id for one in takers(meeting, action)] == [health]
        sent = session.get_one(Invitee, health)
        sent.answer, sent.attendance = Answer.DEPUTY, None
        session.get_one(Invitee, school).removed_at = None
        session.get_one(Invitee, school).deputy_for_id = health
        session.flush()
        session.expire_all()
        assert [one.id for one in takers(meeting, action)] == [school]
    for nobody in (chair, police, health):
        with pytest.raises(Refused, match="choose somebody else"):
            give(case, nobody, LATER)


def test_only_an_open_action_of_a_signed_record_is_handed_over(in_app: Flask, case: Case) -> None:
    with pytest.raises(Refused, match="Somebody changed this meanwhile"):
        give(case, case.ids[2], LATER, version=0)
    with transaction() as session:
        session.get_one(Meeting, case.meeting_id).state = MeetingState.ENDED
    with pytest.raises(Refused, match="The record is not signed"):
        give(case, case.ids[2], LATER)
    with transaction() as session:
        session.get_one(Meeting, case.meeting_id).state = MeetingState.SIGNED
        action = session.get_one(Action, case.action_id)
        action.state, action.closed_at = ActionState.DONE, LATER
    with pytest.raises(Refused, match="it is noted as done"):
        give(case, case.ids[2], LATER)


def test_the_desk_hands_it_over_and_the_pages_say_so(
    app: Flask, change: Change, signed_in: Callable[..., FlaskClient]
) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), AFTER)
        action = session.query(Action).filter_by(owner_id=meeting.invitees[1].id).one()
        action.due_at, action.progress = now() + 5 * DAY, REPORTED
        ref, number = meeting.ref, action.id
        police, health = meeting.invitees[1].name, meeting.invitees[2]
        health_id, health_name = health.id, health.name
    desk = signed_in(Role.ADMINISTRATOR)
    after, path = f"/discussions/{ref}/after", f"/discussions/{ref}/actions/{number}/owner"
    for page in (after, "/actions", path.removesuffix("/owner")):
        assert f'href="{path}"' in desk.get(page).text, page
    shown = desk.get(path).text
    assert police in shown and health_name in shown and "The signed record stays as it is" in shown
    typed = form_of(shown, path)
    refused = desk.post(path, data=typed)
    assert refused.status_code == 422
    assert "Choose whose it is now" in refused.text
    assert "Say why it goes to somebody else" in refused.text
    said = typed | {"to": str(health_id), "reason": "On leave <until> May"}
    assert desk.post(path, data=said).status_code == 303
    again = desk.post(path, data=said)
    assert again.status_code == 422
    follows = desk.get(after).text
    assert f"from {police} to {health_name}" in follows
    assert "On leave &lt;until&gt; May" in follows and REPORTED in follows
    assert f"{police}, " in desk.get(f"/discussions/{ref}/record").text
    with change() as session:
        session.get_one(Action, number).state = ActionState.DONE
    assert "it is noted as done" in desk.get(path).text


def test_somebody_removed_is_said_to_have_left(
    change: Change, app: Flask, signed_in: Callable[..., FlaskClient]
) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), AFTER)
        meeting.invitees[1].removed_at = FRIDAY
        ref = meeting.ref
    follows = signed_in(Role.ADMINISTRATOR).get(f"/discussions/{ref}/after").text
    assert follows.count("Has left: agree whose it is now") == 1
    assert "Enter it in the record" not in follows and "Hand it over" in follows


def test_nobody_is_called_reminded_whom_no_letter_reaches(
    case: Case, signed_in: Callable[..., FlaskClient]
) -> None:
    """E3, G1: whose links were withdrawn is telephoned, and the page says so."""
    with transaction() as session:
        session.get_one(Invitee, case.ids[1]).links_withdrawn_at = AFTER
        action = session.get_one(Action, case.action_id)
        action.due_at, action.told_at = now() - 2 * DAY, now() - 3 * DAY
        ref = session.get_one(Meeting, case.meeting_id).ref
    with transaction() as session:
        assert remind(session, ref, SENDER, now()) == 0
        assert [one.by_letter for one in session.query(ActionReminder)] == [False]
    desk = signed_in(Role.ADMINISTRATOR)
    for page in (f"/discussions/{ref}/after", "/actions", "/"):
        said = desk.get(page).text
        assert "No letter reminds them: telephone them" in said
        assert "Reminded" not in said
    assert not reading().query(AuditEntry).filter_by(action="reminded of actions").count()
    # Once their links open again the next reminder goes, and is said.
    with transaction() as session:
        session.get_one(Invitee, case.ids[1]).links_withdrawn_at = None
    with transaction() as session:
        assert remind(session, ref, SENDER, now() + 9 * DAY) == 1
    said = desk.get(f"/discussions/{ref}/after").text
    assert "No letter reminds them" not in said and "Reminded" in said


def test_who_takes_an_action_over_and_gets_no_letter_is_named_with_a_number(
    case: Case, signed_in: Callable[..., FlaskClient]
) -> None:
    with transaction() as session:
        taker = session.get_one(Invitee, case.ids[2])
        taker.links_withdrawn_at, taker.telephone = AFTER, "020 7946 0456"
        assert not taker.can_be_written
        path = f"/discussions/{taker.meeting.ref}/actions/{case.action_id}/owner"
        after = f"/discussions/{taker.meeting.ref}/after"
    desk = signed_in(Role.ADMINISTRATOR)
    assert "Their links are withdrawn: telephone them on 020 7946 0456" in desk.get(path).text
    assert give(case, case.ids[2], now()) == 0
    said = desk.get(after).text
    assert "No letter reminds them: telephone them" in said and "Reminded" not in said
