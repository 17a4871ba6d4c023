"""A colleague who works here no more: somebody else must chair, and nothing is sent to them any
more (C7, G1, H1)."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings.messages import send
from app.meetings.models import Meeting
from app.meetings.reminders.worker import remind_due
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.records import releasing, standing, worker
from app.records import service as records
from app.referrals.sender import Sender
from tests.clock import FRIDAY
from tests.factories.guests import make_link
from tests.factories.meetings import make_meeting
from tests.factories.records import make_ended, make_releaser, sign_as_chair
from tests.integration.reports.first_page import line_of

DAY = timedelta(days=1)
NO_CHAIR = "The chair cannot take part: choose another"


def _sender(app) -> Sender:
    settings = app.extensions["settings"]
    return Sender(settings.mail_from, settings.base_url)


def _chair(session, meeting):
    return next(one for one in meeting.invitees if one.staff_id == meeting.chair_id)


def _leave(session, meeting, moment) -> str:
    session.get_one(Staff, meeting.chair_id).ended_at = moment
    session.flush()
    session.expire_all()
    return _chair(session, meeting).email


def _sent_to(kind: str) -> list[str]:
    rows = reading().execute(select(OutboxMessage).where(OutboxMessage.kind == kind)).scalars()
    return [str(message_from_bytes(one.content, policy=policy.default)["To"]) for one in rows]


@pytest.mark.parametrize("left", [True, False])
def test_another_must_chair(change, signed_in, left) -> None:
    """Whether the person has left or lost the role: work for the desk, and said on the page."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, at=now())
        ref, name = meeting.ref, _chair(session, meeting).name
    desk = signed_in(Role.ADMINISTRATOR)
    caution = f"{name} cannot chair it: change the booking and choose another chair."
    assert NO_CHAIR not in desk.get("/").text
    assert caution not in desk.get(f"/discussions/{ref}").text
    with change() as session:
        chair = session.execute(
            select(Staff).join(Meeting, Meeting.chair_id == Staff.id)
        ).scalar_one()
        if left:
            chair.ended_at = now()
        else:
            chair.roles = [one for one in chair.roles if one.role is not Role.CHAIR]
    assert NO_CHAIR in desk.get("/").text
    assert line_of(desk.get("/").text, ref).startswith(NO_CHAIR)
    assert caution in desk.get(f"/discussions/{ref}").text


def test_no_reminder_goes_to_them(in_app) -> None:
    starts_at = FRIDAY.replace(minute=0) + 2 * DAY
    with transaction() as session:
        meeting = make_meeting(session, invitees=4, start=starts_at)
        send(session, LetterKind.INVITATION, meeting, meeting.invitees, _sender(in_app), FRIDAY)
        email = _leave(session, meeting, FRIDAY)
    assert remind_due(in_app.extensions["settings"], starts_at - DAY) == 3
    assert not any(email in to for to in _sent_to("reminder"))


def test_a_cancellation_ends_their_link_without_a_letter(in_app) -> None:
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, at=FRIDAY)
        send(session, LetterKind.INVITATION, meeting, meeting.invitees, _sender(in_app), FRIDAY)
        email = _leave(session, meeting, FRIDAY)
        held = _chair(session, meeting).invitation_id
        send(session, LetterKind.CANCELLATION, meeting, meeting.invitees, _sender(in_app), FRIDAY)
    told = _sent_to("cancellation")
    assert told and not any(email in to for to in told)
    assert reading().get_one(Invitation, held).revoked_at is not None


def test_the_record_does_not_go_to_them(in_app) -> None:
    """F5: and the list of who gets no copy says why."""
    settings = in_app.extensions["settings"]
    with transaction() as session:
        meeting = make_ended(session, invitees=3, children=1)
        send(session, LetterKind.INVITATION, meeting, meeting.invitees, _sender(in_app), FRIDAY)
        releaser = make_releaser(session)
        sign_as_chair(session, settings, meeting, FRIDAY + DAY)
        email, ref = _leave(session, meeting, FRIDAY + DAY), meeting.ref
        name = _chair(session, meeting).name
        releasing.release(session, releaser, meeting, 1, {}, True, FRIDAY + DAY)
    worker.make_copies(settings, FRIDAY + DAY)
    told = _sent_to("record")
    assert told and not any(email in to for to in told)
    session = reading()
    meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
    record = records.draft_of(session, meeting, FRIDAY + DAY)
    getting, without = standing.readers_of(meeting, record, ())
    assert name not in [one.facts.name for one in getting]
    assert [(one.name, one.why) for one in without] == [(name, "Has left the council")]


def test_their_link_brings_no_code(app, change) -> None:
    """D3: the page says the same as for every link."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, at=now())
        send(session, LetterKind.INVITATION, meeting, meeting.invitees, _sender(app), now())
        chair = _chair(session, meeting)
        other = next(one for one in meeting.invitees if one.staff_id is None and one.invitation_id)
        tokens = [make_link(session, one, now()) for one in (chair, other)]
        _leave(session, meeting, now())
    answers = []
    for token in tokens:
        browser = app.test_client()
        mark = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(f"/i/{token}").text)
        given = {"csrf_token": mark.group(1)} if mark else {}
        answers.append(browser.post(f"/i/{token}/code-request", data=given).status_code)
    assert answers[0] == answers[1] == 302 or answers[0] == answers[1] == 303
    with change() as session:
        codes = session.execute(select(OutboxMessage).where(OutboxMessage.kind.contains("code")))
        assert len(codes.scalars().all()) == 1
