"""An invitee of the police, who entered the code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.clock import now
from app.invitations.models import Invitation
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, MeetingState
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_meeting

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


HOUR = timedelta(hours=1)


EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 200


def own_action(
    session: Session, meeting: Meeting, owner_id: int, what: str, why: str | None = None
) -> int:
    """An open action of one who was invited, due tomorrow; its number."""
    action = Action(
        meeting_id=meeting.id,
        child_id=None,
        what=what,
        why=why,
        owner_id=owner_id,
        due_at=now() + timedelta(days=1),
        state=ActionState.OPEN,
        progress=None,
        closed_at=None,
        removed_at=None,
        added_by_id=meeting.chair_id,
        added_at=now(),
    )
    session.add(action)
    session.flush()
    return action.id


class Invited:
    """One invited person of a meeting, with the code already given."""

    def __init__(self, app: Any, change: Any, place: int = 1, **wishes: Any) -> None:
        self.change = change
        self.team = wishes.pop("team", False)
        with change() as session:
            meeting = make_meeting(session, **({"invitees": 4} | wishes))
            invitee = meeting.invitees[place]
            if self.team:
                invitee.is_team = True
                session.get_one(Invitation, invitee.invitation_id).is_team = True
            self.meeting_id, self.id, self.ref = meeting.id, invitee.id, meeting.ref
            self.email = invitee.email
            token = make_guest_session(session, invitee)
        self.phone = Phone(app, token)

    def invitee(self, session: Session) -> Invitee:
        return session.get_one(Invitee, self.id)

    def set_state(self, state: MeetingState) -> None:
        with self.change() as session:
            session.get_one(Meeting, self.meeting_id).state = state

    def add_action(self, what: str = "See the child") -> int:
        with self.change() as session:
            meeting = session.get_one(Meeting, self.meeting_id)
            return own_action(session, meeting, self.id, what, "To hear them")
