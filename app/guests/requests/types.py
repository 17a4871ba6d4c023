"""What somebody asked or written to sees behind their link, as plain values (A6, A10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.audit.types import Actor
from app.guests.types import ChildSeen
from app.invitations.types import Guest, actor_of


@dataclass(frozen=True, slots=True)
class Correspondent:
    """The person behind this request: one link, which leads to one request or to one letter."""

    guest: Guest
    referral_ref: str
    check_id: int | None
    letter_id: int | None
    agency: str

    @property
    def actor(self) -> Actor:
        """For the audit, which is written in the clear: the agency, not the person."""
        who = f"asked: {self.agency}" if self.check_id is not None else "written to"
        return actor_of(self.guest.invitation_id, self.guest.session_id, who)


@dataclass(frozen=True, slots=True)
class AnswerSeen:
    """An answer of the agency's own."""

    held: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """One request as the agency asked may read it: nothing of the referrer, other agencies or what
    they answered; of children and concerns those it was asked about, of adults and address what
    was chosen then. Once it is answered, the children's names alone; once it is withdrawn,
    nothing."""

    ref: str
    due_at: datetime
    children: tuple[ChildSeen, ...] = ()
    adults: tuple[str, ...] = ()
    address: str = ""
    concerns: tuple[str, ...] = ()
    question: str = ""
    at_once: bool = False
    still_wanted: bool = False  # somebody has said so after the decision or the discussion
    withdrawn: bool = False
    answers: tuple[AnswerSeen, ...] = ()
    newest: int = 0  # the number of the newest answer, 0 where there is none
