"""Disagreements in the discussions of the example week: resolved, handed on, or struck as misheard
(E4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.types import Actor
from app.cli.example.area import Area
from app.cli.example.planned import Plan
from app.cli.example.said import DISAGREES, MISHEARD, SPOKE, SPOKE_IN_VAIN
from app.meetings.discussion import people
from app.meetings.discussion.types import DissentOrder
from app.meetings.escalation import service as escalation
from app.meetings.escalation.queries import of_dissents
from app.meetings.escalation.types import Ending
from app.meetings.models import Invitee, Meeting

# In their order: the first goes up, the second was misheard; the others are resolved.
GOES_UP, MISTAKEN = 1, 2


class Disagreements:
    """Has somebody disagree, and plays what becomes of it."""

    def __init__(self, session: Session, area: Area) -> None:
        self.session = session
        self.area = area
        self.count = 0

    def voice(self, meeting: Meeting, who: Invitee, number: int, plan: Plan, at: datetime) -> None:
        """Somebody says so on the telephone; most are resolved the same day, one goes up."""
        chair = self.area.actor(Role.CHAIR, number)
        order = DissentOrder(who.id, *DISAGREES)
        said = people.add_dissent(self.session, chair, meeting, order, at)
        self.count += 1
        if self.count == MISTAKEN:
            plan(at + timedelta(minutes=6), partial(self._strike, meeting, said.id, chair))
            return
        goes_up = self.count == GOES_UP
        plan(at + timedelta(hours=3), partial(self._resolve, meeting, said.id, goes_up, chair))

    def _strike(self, meeting: Meeting, dissent_id: int, chair: Actor, at: datetime) -> None:
        held = of_dissents(self.session, [dissent_id])[dissent_id]
        escalation.strike(self.session, chair, meeting, held, MISHEARD, held.version, at)

    def _resolve(
        self, meeting: Meeting, dissent_id: int, goes_up: bool, chair: Actor, at: datetime
    ) -> None:
        held = of_dissents(self.session, [dissent_id])[dissent_id]
        if goes_up:
            escalation.hand_on(self.session, chair, meeting, held, SPOKE_IN_VAIN, held.version, at)
            return
        escalation.end(self.session, chair, meeting, held, Ending.AGREED, SPOKE, held.version, at)
