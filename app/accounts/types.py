"""Staff roles and what they may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from app.audit.types import Actor, ActorKind


class Role(enum.Enum):
    ADMINISTRATOR = "administrator"
    CHAIR = "chair"
    TRIAGE = "triage"
    SOCIAL_WORKER = "social_worker"
    OUT_OF_HOURS = "out_of_hours"
    ANALYST = "analyst"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        return _ROLE_LABELS[self]


CHAIRING = (Role.CHAIR, Role.OUT_OF_HOURS)  # who may chair a discussion (C2)
_ROLE_LABELS = {
    Role.ADMINISTRATOR: "R&A administrator",
    Role.CHAIR: "Chair",
    Role.TRIAGE: "Triage worker",
    Role.SOCIAL_WORKER: "Social worker or minute-taker",
    Role.OUT_OF_HOURS: "Out-of-hours worker",
    Role.ANALYST: "Analyst",
    Role.SYSTEM: "System administrator",
}


class Permission(enum.Enum):
    """One thing a person does. Routes name a permission, never a role."""

    SIGNED_IN = "signed in"
    REFERRAL_SEE = "see referrals"
    REFERRAL_ENTER = "enter a referral"
    REFERRAL_RATE = "rate a referral"
    REFERRAL_DECIDE = "decide a referral"
    LIST_WORK = "work on domestic abuse cases and lists"
    REFERRAL_ASK = "ask agencies for information"
    REFERRAL_LETTER = "send letters about a referral"
    DISCUSSION_NEED = "decide that a strategy discussion is needed"
    DISCUSSION_START = "start a discussion now, or record one already held"
    DISCUSSION_SEE = "see discussions"
    DISCUSSION_BOOK = "book, change and cancel a discussion"
    DISCUSSION_WRITE = "write in a discussion"
    AFTER_FOLLOW = "follow what a discussion decided"
    CASE_CLOSE = "close cases, hold them and review their deletion"
    CASE_RESTRICT = "restrict who may see a case"
    GLASS_BREAK = "open a case that is not theirs"
    GLASS_REVIEW = "review why a case was opened"
    RECORD_SIGN = "sign off a record"
    RECORD_SEE = "see records"
    RECORD_CIRCULATE = "circulate a record"
    RECORD_VERIFY = "verify a record"
    DELIVERY_SEE = "see deliveries"
    MAIL_SEE = "see to mail that came in"
    DIRECTORY_EDIT = "edit the directory"
    PROTOCOL_SEE = "read the protocol"
    WALL_MANAGE = "make and revoke displays"
    STAFF_MANAGE = "manage staff"
    DATASET_SEE = "see the dataset"
    RETURN_MAKE = "make returns"
    AUDIT_SEE = "read the audit"
    QUALITY_SEE = "see figures of quality"
    CASE_AUDIT = "review cases of a sample"
    NEAR_MISS_REVIEW = "review near misses"


class WhyOver(enum.Enum):
    """Why a session opens nothing any more."""

    IDLE = "idle"
    LONG = "long"
    ENDED = "ended"

    @property
    def words(self) -> str:
        return _OVER_WORDS[self]


_OVER_WORDS = {
    WhyOver.IDLE: (
        "You were signed out after 15 minutes without activity. Nothing you saved is lost."
    ),
    WhyOver.LONG: "You were signed out after 12 hours. Nothing you saved is lost.",
    WhyOver.ENDED: "You were signed out. Nothing you saved is lost.",
}


class NextStep(enum.Enum):
    """What a person who gave the right password is asked for next."""

    OWN_PASSWORD = "own password"  # noqa: S105  # a step, not a password
    SET_UP = "set up the second factor"
    CODE = "code"


class Tried(enum.Enum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"  # too late, or too many tries: back to the password


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a typed password is checked against, outside any transaction."""

    staff_id: int
    name: str
    email: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody between the password and the second factor."""

    staff_id: int
    name: str
    email: str
    next_step: NextStep
    password_hash: str = field(repr=False)
    totp_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A signed-in browser, as its owner sees it."""

    id: int
    started_at: datetime
    last_seen_at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class StaffMember:
    """The person behind the session, as routes and templates see them."""

    id: int
    name: str
    email: str
    roles: frozenset[Role]
    session_id: int
    last_seen_at: datetime
    reauthenticated_at: datetime | None
    token: str = field(repr=False)
    by_sign_on: bool = False

    # What Flask-Login asks of a user.
    is_active = True
    is_anonymous = False
    is_authenticated = True

    def get_id(self) -> str:
        return self.token

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.STAFF, self.id, self.name)
