"""A discussion under way, and people who write in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.session import reading, transaction
from app.meetings.discussion import queries
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_meeting


@dataclass(frozen=True)
class Case:
    """Ids only: rows are read anew in each transaction."""

    ref: str
    meeting_id: int
    children: tuple[int, ...]
    invitees: tuple[int, ...]
    chair: Actor
    writer: Actor

    def child(self, place: int = 0) -> str:
        return f"child:{self.children[place]}"

    def invitee(self, place: int) -> str:
        return f"invitee:{self.invitees[place]}"


@pytest.fixture
def make_case(app) -> Callable[..., Case]:
    def make(state: MeetingState = MeetingState.UNDER_WAY, **options: object) -> Case:
        with app.app_context(), transaction() as session:
            chair = make_staff(session, Role.CHAIR, name="Helen Marsh")
            writer = make_staff(session, Role.SOCIAL_WORKER, name="Dev Patel")
            meeting = make_meeting(session, state, chair=chair, **options)
            return Case(
                meeting.ref,
                meeting.id,
                tuple(child.child_id for child in meeting.children),
                tuple(invitee.id for invitee in meeting.invitees),
                Actor(ActorKind.STAFF, chair.id, chair.name),
                Actor(ActorKind.STAFF, writer.id, writer.name),
            )

    return make


@pytest.fixture
def case(make_case) -> Case:
    return make_case(invitees=4)


@pytest.fixture
def entries(app, case) -> Callable[[], dict[tuple[str, str], str]]:
    """What is written at the moment."""

    def read() -> dict[tuple[str, str], str]:
        with app.app_context():
            session = reading()
            found = queries.entries_of(session, session.get_one(Meeting, case.meeting_id))
            return {place: written.value for place, written in found.items()}

    return read
