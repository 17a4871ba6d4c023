"""The reader's own copy: read, downloaded, confirmed; nobody else's (F5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditView
from app.core.clock import now, words_for_day
from app.invitations.models import Invitation
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, MeetingState
from app.records.keys import cipher_of, new_key
from app.records.models import Circulation, RecordCopy, RecordVersion
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_meeting
from tests.integration.guests.attending import own_action


class Released:
    """A signed meeting. Police and health have copies, the school's is withheld."""

    def __init__(self, app: Any, change: Any) -> None:
        self.app, self.change = app, change
        with change() as session:
            meeting = make_meeting(session, MeetingState.SIGNED, invitees=4)
            self.meeting_id = meeting.id
            self.ids = [invitee.id for invitee in meeting.invitees]
            self.release(session, meeting, 1)
            self.phones = [
                Phone(app, make_guest_session(session, invitee)) for invitee in meeting.invitees
            ]

    def release(self, session: Session, meeting: Meeting, number: int) -> None:
        key = new_key(session)
        chair = meeting.chair_id
        assert chair is not None
        version = RecordVersion(
            meeting_id=meeting.id, number=number, key_id=key.id, content=b"x", sha256="0" * 64,
            statement="signed", signature=b"s", signed_by_id=chair, signed_at=now(),
            signed_for=None, absence_reason=None,
            correction_reason=None if number == 1 else "A name",
        )  # fmt: skip
        session.add(version)
        session.flush()
        for place, invitee_id in enumerate(self.ids[1:], start=1):
            withheld = place == 3
            session.add(
                Circulation(
                    version_id=version.id, invitee_id=invitee_id, checked_by_id=chair,
                    released_at=now(), withheld_reason="Not for them" if withheld else None,
                    sent_at=None if withheld else now(), message_id=None, opened_at=None,
                    downloaded_at=None, acknowledged_at=None,
                )
            )  # fmt: skip
            pdf = f"%PDF-1.7 version {number} of {invitee_id}".encode()
            session.add(
                RecordCopy(
                    version_id=version.id, invitee_id=invitee_id, made_at=now(),
                    pdf=cipher_of(session, key.id).close(pdf), sha256=f"{invitee_id:064d}",
                )
            )  # fmt: skip
        session.flush()

    def line(self, session: Session, place: int) -> Circulation:
        return (
            session.execute(
                select(Circulation)
                .where(Circulation.invitee_id == self.ids[place])
                .order_by(Circulation.id.desc())
            )
            .scalars()
            .first()
        )  # type: ignore[return-value]


@pytest.fixture
def released(app: Any, change: Any) -> Released:
    return Released(app, change)


def test_each_reader_gets_their_own_copy(released: Released) -> None:
    for place in (1, 2):
        read = released.phones[place].get("/attend/record")
        assert read.data == f"%PDF-1.7 version 1 of {released.ids[place]}".encode()
        assert read.mimetype == "application/pdf"
        assert read.headers["Content-Disposition"].startswith("inline")
        assert read.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("place", [0, 3])
def test_who_has_no_copy_finds_none(released: Released, place: int) -> None:
    phone = released.phones[place]
    assert "The record</h2>" not in phone.get("/attend").text
    for path in ("/attend/record", "/attend/record/download"):
        assert phone.get(path).status_code == 404
    sent = phone.post("/attend/record/read", "/attend")
    assert sent.status_code == 303
    assert "There is no record for you to read yet" in phone.get("/attend").text


def test_the_ledger_knows_opened_downloaded_and_confirmed(released: Released) -> None:
    phone = released.phones[1]
    page = phone.get("/attend").text
    assert "Read the record" in page
    assert "I have read the record" in page  # at once: the page behind the PDF is not loaded again
    with released.change() as session:
        line = released.line(session, 1)
        assert (line.opened_at, line.downloaded_at, line.acknowledged_at) == (None, None, None)
    phone.post("/attend/record/read", "/attend")
    assert "Open the record before" in phone.get("/attend").text
    phone.get("/attend/record")
    sent = phone.get("/attend/record/download")
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert phone.post("/attend/record/read", "/attend").location == "/attend#record"
    assert "You confirmed that you have read it" in phone.get("/attend").text
    with released.change() as session:
        line = released.line(session, 1)
        assert line.opened_at and line.downloaded_at and line.acknowledged_at
        pages = [view.page for view in session.execute(select(AuditView)).scalars()]
        assert pages.count("record") == 2


def test_a_correction_takes_the_place_of_the_first_version(released: Released) -> None:
    with released.change() as session:
        released.release(session, session.get_one(Meeting, released.meeting_id), 2)
    phone = released.phones[1]
    assert "version 2" in phone.get("/attend").text
    assert b"version 2" in phone.get("/attend/record").data


def test_the_link_ends_fourteen_days_after_the_record_where_no_action_is_open(
    released: Released,
) -> None:
    with released.change() as session:
        meeting = session.get_one(Meeting, released.meeting_id)
        assert meeting.chair_id
        action = Action(
            meeting_id=meeting.id, child_id=None, what="See the child", why=None,
            owner_id=released.ids[1], due_at=now(), state=ActionState.OPEN, progress=None,
            closed_at=None, removed_at=None, added_by_id=meeting.chair_id, added_at=now(),
        )  # fmt: skip
        session.add(action)
        session.flush()
        number = action.id
    path, prefix = f"/attend/actions/{number}", f"action-{number}"

    def expiry() -> Any:
        with released.change() as session:
            invitee = session.get_one(Invitee, released.ids[1])
            return session.get_one(Invitation, invitee.invitation_id).expires_at

    released.phones[1].post(path, "/attend", prefix, state="done", progress="Seen")
    ends = expiry()
    assert timedelta(days=13, hours=23) < ends - now() <= timedelta(days=14)
    released.phones[1].post(path, "/attend", prefix, state="open", progress="Again")
    assert expiry() is None


def test_a_last_action_that_was_closed_by_mistake_is_taken_back_within_a_day(
    released: Released,
) -> None:
    with released.change() as session:
        meeting = session.get_one(Meeting, released.meeting_id)
        number = own_action(session, meeting, released.ids[1], "See the child")
        session.query(Circulation).update({Circulation.released_at: now() - timedelta(days=20)})
    path, prefix = f"/attend/actions/{number}", f"action-{number}"
    phone = released.phones[1]
    assert "Nothing more is open." not in phone.get("/attend").text
    assert phone.post(path, "/attend", prefix, state="done", progress="Seen").status_code == 303
    page = phone.get("/attend")
    assert page.status_code == 200 and "Thank you. The desk sees" in page.text
    tomorrow = words_for_day(now() + timedelta(days=1))
    assert f"Nothing more is open. What you said can be changed until {tomorrow}" in page.text
    assert "then your link ends" in page.text
    phone.post(path, "/attend", prefix, state="open", progress="Not yet after all")
    with released.change() as session:
        assert session.get_one(Action, number).state is ActionState.OPEN
        invitee = session.get_one(Invitee, released.ids[1])
        assert session.get_one(Invitation, invitee.invitation_id).expires_at is None
    assert "Nothing more is open." not in phone.get("/attend").text
