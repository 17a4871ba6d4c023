"""Invitations: a calendar entry for one person and the link that finds it. Knows no meeting."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.audit.types import Actor, ActorKind
from app.core.mail import FinishedMessage


class CalendarMethod(enum.Enum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class PartStat(enum.Enum):
    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"


class LetterKind(enum.Enum):
    """Why a mail goes to somebody. The values are those of the outbox's `kind`."""

    INVITATION = "invitation"
    UPDATE = "update"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    CODE = "code"
    RECORD = "record"
    RECORD_REMINDER = "record_reminder"
    RECORD_RECALLED = "record_recalled"
    ACTIONS = "actions"
    ACTIONS_SOON = "actions_soon"
    ACTIONS_LATE = "actions_late"
    ACTIONS_HANDED = "actions_handed"
    FORM_SAVED = "form_saved"
    FORM_RECEIVED = "form_received"
    REQUEST = "request"
    REQUEST_REMINDER = "request_reminder"
    REQUEST_WITHDRAWN = "request_withdrawn"
    OUTCOME = "outcome"
    FEEDBACK = "feedback"
    EARLY_NOTICE = "early_notice"
    NOTICE = "notice"  # to a member of staff


class Notice(enum.Enum):
    """What a member of staff is told by mail."""

    RECORD_SOON = "record_soon"
    RECORD_LATE = "record_late"
    BOOKED_LATE = "booked_late"
    ACTIONS_SOON = "actions_soon"
    ACTIONS_LATE = "actions_late"
    ACTIONS_HANDED = "actions_handed"
    DISAGREES = "disagrees"
    DISAGREEMENT_LATE = "disagreement_late"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    SECOND_FACTOR_RENEWED = "second_factor_renewed"
    SECOND_FACTOR_RESET = "second_factor_reset"
    SINGLE_SIGN_ON_LINKED = "single_sign_on_linked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # what a letter tells
    PASSWORD_GIVEN = "password_given"  # noqa: S105  # what a letter tells
    SEES_CASES_NOW = "sees_cases_now"
    GLASS_BROKEN = "glass_broken"
    READERS_CHANGED = "readers_changed"
    PERHAPS_KNOWN = "perhaps_known"


class Change(enum.Enum):
    """What an update is about, so that a person sees at once whether to move anything."""

    TIME = "time"
    PLACE = "place"
    DIAL_IN = "dial_in"
    # One more child is spoken of, whom no letter names.
    CHILDREN = "children"
    # Of a cancellation: nobody meets. Without it only this person is no longer asked.
    CALLED_OFF = "called_off"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sends: ORGANIZER and From are the same mailbox, which somebody reads (D1)."""

    name: str
    email: str
    telephone: str
    out_of_hours: str = ""  # who answers when the desk is shut; empty where nobody does


@dataclass(frozen=True, slots=True)
class DialIn:
    telephone: str
    pin: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """What everyone's entry says. Holds nothing of a child or family (D2)."""

    reference: str
    starts_at: datetime
    ends_at: datetime
    location: str  # "Telephone conference" or the address of the meeting room
    dial_in: DialIn | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person's own part of the invitation."""

    uid: str
    sequence: int
    name: str
    email: str
    link: str
    partstat: PartStat = PartStat.NEEDS_ACTION
    is_team: bool = False  # a duty desk: CUTYPE GROUP, and whoever enters gives a name (D3)
    chairs: bool = False  # ROLE CHAIR


class Invited(NamedTuple):
    """An invitation that was just written; its SEQUENCE is 0."""

    id: int
    uid: str
    name: str
    email: str
    is_team: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What one person will get, for the booking page (C1). `entry` is label and text."""

    subject: str
    text: str
    entry: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CodeMade:
    """A letter with a code. Without an invitation it was made for nobody and is never sent."""

    letter: FinishedMessage = field(repr=False)
    invitation_id: int | None


@dataclass(frozen=True, slots=True)
class Guest:
    """The invited person behind a session that a code opened (D3)."""

    session_id: int
    invitation_id: int
    invitation_name: str
    is_team: bool
    person_name: str | None
    person_role: str | None
    last_seen_at: datetime
    link_ends_at: datetime | None

    @property
    def must_introduce(self) -> bool:
        """Behind a team's address the name and role of the person are not known yet."""
        return self.is_team and not self.person_name

    @property
    def actor(self) -> Actor:
        """For the audit, which is written in the clear: the invitation and the session, in which
        the name of whoever sat behind a team's address stands encrypted."""
        return actor_of(self.invitation_id, self.session_id)


def actor_of(invitation_id: int, session_id: int, who: str = "invited person") -> Actor:
    """The invited person of one session, for the audit: never a person's name."""
    return Actor(ActorKind.GUEST, invitation_id, f"{who} (session {session_id})")
