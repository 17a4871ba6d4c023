"""Reminders go once, to whoever is expected, and never too late."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.core.session import db, reading, transaction
from app.directory.models import LinePin
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.models import Invitee, Meeting
from app.meetings.reminders.models import ReminderSent
from app.meetings.reminders.worker import remind_due
from app.meetings.types import Answer, MeetingState
from app.outbox.models import OutboxMessage
from app.referrals.sender import Sender
from tests.clock import FRIDAY
from tests.factories.meetings import make_meeting

HOUR = timedelta(hours=1)


@pytest.fixture
def start(in_app):
    """A discussion in two days, invited now: chair and three others."""
    settings = in_app.extensions["settings"]
    starts_at = FRIDAY.replace(minute=0) + 48 * HOUR
    with transaction() as session:
        meeting = make_meeting(session, invitees=4, start=starts_at)
        sender = Sender(settings.mail_from, settings.base_url)
        messages.send(session, LetterKind.INVITATION, meeting, meeting.invitees, sender, FRIDAY)
    return starts_at


def run(in_app, moment):
    queued = remind_due(in_app.extensions["settings"], moment)
    db.session.remove()
    return queued


def reminders():
    rows = reading().execute(select(OutboxMessage).where(OutboxMessage.kind == "reminder"))
    return rows.scalars().all()


def test_a_day_before_and_two_hours_before_and_never_twice(in_app, start):
    assert run(in_app, start - 25 * HOUR) == 0
    assert run(in_app, start - 24 * HOUR) == 4
    assert run(in_app, start - 23 * HOUR) == 0
    assert run(in_app, start - 2 * HOUR) == 4
    assert run(in_app, start - HOUR) == 0
    assert run(in_app, start) == 0


def test_a_worker_that_slept_sends_the_last_one_alone(in_app, start):
    assert run(in_app, start - HOUR) == 4
    assert run(in_app, start - HOUR / 2) == 0
    assert {row.hours_before for row in reading().execute(select(ReminderSent)).scalars()} == {2}


def test_not_to_who_declined_or_was_removed_nor_when_they_change_their_mind(in_app, start):
    with transaction() as session:
        others = session.execute(
            select(Invitee).where(Invitee.staff_id.is_(None)).order_by(Invitee.id)
        ).scalars().all()  # fmt: skip
        others[0].answer = Answer.DECLINED
        others[1].removed_at = FRIDAY
    assert run(in_app, start - 24 * HOUR) == 2
    with transaction() as session:
        session.get(Invitee, others[0].id).answer = Answer.DIAL_IN
    assert run(in_app, start - 23 * HOUR) == 0


def test_who_was_invited_later_than_the_reminder_is_not_reminded_of_it(in_app, start):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        sender = Sender(settings.mail_from, settings.base_url)
        late = start - 20 * HOUR
        messages.send(session, LetterKind.UPDATE, meeting, meeting.invitees, sender, late)
    assert run(in_app, start - 19 * HOUR) == 0
    assert run(in_app, start - 2 * HOUR) == 4


def test_a_new_time_has_reminders_of_its_own(in_app, start):
    assert run(in_app, start - 2 * HOUR) == 4
    with transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        meeting.ends_at += 48 * HOUR
        meeting.starts_at += 48 * HOUR
    assert run(in_app, start + 24 * HOUR) == 4


@pytest.mark.parametrize("state", (MeetingState.CANCELLED, MeetingState.UNDER_WAY))
def test_nobody_is_reminded_of_what_is_not_ahead(in_app, start, state):
    with transaction() as session:
        session.execute(select(Meeting)).scalar_one().state = state
    assert run(in_app, start - 24 * HOUR) == 0


def test_the_subject_holds_no_pin_and_the_letter_no_calendar(in_app, start):
    run(in_app, start - 24 * HOUR)
    pin = reading().execute(
        select(LinePin.pin).join(Meeting, Meeting.pin_id == LinePin.id)
    ).scalar_one()  # fmt: skip
    for row in reminders():
        message = message_from_bytes(row.content, policy=policy.default)
        assert message["Subject"].startswith("Reminder: multi-agency meeting")
        assert pin not in row.subject and pin not in message["Subject"]
        assert "text/calendar" not in [part.get_content_type() for part in message.walk()]


def test_an_area_that_wants_none_gets_none(in_app, start, monkeypatch):
    from dataclasses import replace

    from app.protocols import registry

    quiet = [replace(one, reminders=()) for one in registry.all()]
    with monkeypatch.context() as patched:
        patched.setattr(registry, "_held", {one.id: one for one in quiet})
        assert run(in_app, start - 24 * HOUR) == 0
