"""Links that somebody was sent are withdrawn: one was forwarded, or a mailbox is not safe (D3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.invitations import service as invitations
from app.meetings.models import Invitee
from app.meetings.queries import invitee as invitee_of
from app.meetings.queries import meeting_for_change

NO_LINK = "No link of theirs is open: nothing is left to withdraw"


def withdraw_links(
    session: Session, staff: StaffMember, ref: str, invitee_id: int, now: datetime
) -> Invitee:
    """End every link that this person was sent so far, and whoever is in by one, whatever the
    state of the discussion. The invitation stands: the next letter brings a fresh link. Raises
    Refused where there is none."""
    meeting = meeting_for_change(session, ref)
    invitee = None if meeting is None else invitee_of(session, meeting.id, invitee_id)
    if invitee is None or invitee.invitation_id is None:
        raise Refused("page", NO_LINK)
    held = invitations.invitation(session, invitee.invitation_id)
    ended = invitations.withdraw_links(session, held, now)
    if not ended:
        raise Refused("page", NO_LINK)
    record(
        session, staff.actor, "links withdrawn", Subject("meeting", ref), now,
        {"invitee": invitee.id, "links": ended},
    )  # fmt: skip
    return invitee
