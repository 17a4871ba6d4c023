"""Records that are released, and their letters delivered."""

from __future__ import annotations

import io
from datetime import timedelta

import pikepdf
from flask import Flask
from sqlalchemy.orm import Session

from app.audit.types import Actor, ActorKind
from app.core.config import Settings
from app.core.session import transaction
from app.meetings.models import Meeting
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import queries, releasing
from app.records.keys import cipher_of
from app.records.models import RecordCopy, RecordVersion
from tests.clock import FRIDAY
from tests.factories.records import (
    make_releaser,
    make_signed,
)

AFTER = FRIDAY + timedelta(days=1)


LATER = AFTER + timedelta(hours=1)


GUEST = Actor(ActorKind.GUEST, 1, "invitee: somebody")


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def release(session: Session, meeting: Meeting, withheld: dict[int, str] | None = None) -> int:
    number = queries.newest_number(session, meeting.id)
    staff = make_releaser(session)
    return releasing.release(session, staff, meeting, number, withheld or {}, True, AFTER)


def released(app: Flask, invitees: int = 2) -> Meeting:
    """Printing is what costs, so most tests have two readers: the chair and the police."""
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(app), AFTER, invitees=invitees, children=1)
        release(session, meeting)
    return meeting


def deliver(session: Session, state: MessageState = MessageState.SENT) -> None:
    for message in session.query(OutboxMessage).filter_by(state=MessageState.QUEUED):
        message.state = state
        message.sent_at = LATER if state is MessageState.SENT else None
        message.problem = None if state is MessageState.SENT else "The mailbox is full."


def pdf_of(session: Session, copy: RecordCopy) -> bytes:
    version = session.get_one(RecordVersion, copy.version_id)
    return cipher_of(session, version.key_id).open(copy.pdf)


def unpacked(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(
            out,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
        )
    return pdf + out.getvalue()


def newest(session: Session, meeting: Meeting) -> RecordVersion:
    version = queries.newest_version(session, meeting.id)
    assert version is not None
    return version
