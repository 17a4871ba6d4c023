"""What an invited person sees and may do, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.audit.types import Actor
from app.directory.types import AgencyKind
from app.invitations.types import Guest, actor_of
from app.invitations.wording import telephone_uri
from app.meetings.types import ActionState, Answer, Format, MeetingState


@dataclass(frozen=True, slots=True)
class Visitor:
    """The invited person behind this request: one invitation, one invitee, one meeting."""

    guest: Guest
    invitee_id: int
    meeting_id: int
    meeting_ref: str
    agency_name: str

    @property
    def actor(self) -> Actor:
        """For the audit: the agency and the session, not the person, because the audit is written
        in the clear."""
        guest = self.guest
        return actor_of(guest.invitation_id, guest.session_id, f"invitee: {self.agency_name}")


@dataclass(frozen=True, slots=True)
class Open:
    """What may be done at this stage of the meeting."""

    answer: bool  # also the colleague who comes instead
    report: bool
    case: bool  # the concern and what to bring: while there is something to prepare
    dial_in: bool
    dissent: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The concern as this invitee may read it; `reason` is empty where it is not theirs."""

    concerns: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ChildSeen:
    name: str
    born: date | None
    due: date | None

    @property
    def when(self) -> str:
        """`born 27 March 2019`."""
        day = self.born or self.due
        if day is None:
            return "date of birth not known"
        return f"{'born' if self.born else 'due'} {day.day} {day:%B %Y}"


@dataclass(frozen=True, slots=True)
class MeetingSeen:
    """The appointment, and how to take part in it."""

    ref: str
    state: MeetingState
    format: Format
    starts_at: datetime | None
    ends_at: datetime | None
    place: str | None
    telephone: str | None
    pin: str | None
    typed_dial_in: str | None
    signed_at: datetime | None
    at_once: bool  # was not booked: nobody is invited by letter (C11)
    children: tuple[ChildSeen, ...]
    told: Told


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    answer: Answer
    answered_at: datetime | None
    note: str
    decision_maker: bool
    agency_kind: AgencyKind


@dataclass(frozen=True, slots=True)
class OwnDissent:
    """With what they disagree, and who resolves it by when, or how it ended."""

    what: str
    stands: str


@dataclass(frozen=True, slots=True)
class OwnReport:
    id: int
    body: str
    file_name: str
    received_at: datetime
    first_given_at: datetime | None = None  # to an earlier discussion


@dataclass(frozen=True, slots=True)
class OwnAction:
    id: int
    what: str
    why: str
    due_at: datetime
    state: ActionState
    progress: str
    version: int

    @property
    def state_words(self) -> str:
        return self.state.label


@dataclass(frozen=True, slots=True)
class DeskSeen:
    """Whom to telephone; empty text where the council has not filled it in."""

    authority: str
    name: str
    telephone: str
    out_of_hours: str

    @property
    def tel(self) -> str:
        return telephone_uri(self.telephone) or ""

    @property
    def out_of_hours_tel(self) -> str:
        return telephone_uri(self.out_of_hours) or ""
