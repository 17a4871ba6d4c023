"""The record on its way: what is signed, who gets it, what became of it, is it genuine."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.refusal import Refused
from app.directory.types import AgencyKind
from app.meetings.discussion.types import Missing
from app.meetings.types import Attendance


class Incomplete(Refused):
    """The record still lacks something; `missing` says what and where it is mended (F1)."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__("page", "Complete what is missing, or say why it is not decided")
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class InviteeFacts:
    """An invitee as the choice of recipients sees them. `deputy_for`: whom they stand in for."""

    id: int
    name: str
    title: str
    agency_id: int | None
    agency_name: str
    agency_kind: AgencyKind
    email: str  # empty where there is none
    has_address: bool
    attendance: Attendance | None
    removed: bool
    deputy_for: int | None
    professional_id: int | None
    staff_id: int | None
    has_left: bool = False  # a colleague who works here no more
    wrong_address: bool = False  # whoever reads mail that was not for them


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets a copy, and the kinds of passage that their copy leaves out (F4, F5)."""

    facts: InviteeFacts
    leaves_out: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class NoCopy:
    """Somebody who was invited and gets none, and why."""

    name: str
    agency_name: str
    why: str


@dataclass(frozen=True, slots=True)
class SigningAs:
    """In which capacity somebody signs; `absence_reason` where it is not the chair (F1)."""

    name: str
    role: str
    signed_for: str = ""
    absence_reason: str = ""


LINKS_WITHDRAWN = "Their links are withdrawn"


class Step(enum.Enum):
    """How far one reader's copy has come (F5)."""

    WITHHELD = "withheld"
    WAITING = "waiting"
    QUEUED = "queued"
    FAILED = "failed"
    SENT = "sent"
    OPENED = "opened"
    DOWNLOADED = "downloaded"
    ACKNOWLEDGED = "acknowledged"

    @property
    def label(self) -> str:
        return {
            "withheld": "Withheld",
            "waiting": "Copy being made",
            "queued": "Queued, not sent yet",
            "failed": "Did not arrive",
            "sent": "Sent",
            "opened": "Opened",
            "downloaded": "Downloaded",
            "acknowledged": "Acknowledged",
        }[self.value]

    @property
    def may_send_again(self) -> bool:
        """The letter left or failed; while one is on its way a second would only confuse."""
        return self not in (Step.WITHHELD, Step.WAITING, Step.QUEUED)

    @property
    def colour(self) -> str:
        return {
            "withheld": "grey",
            "waiting": "yellow",
            "queued": "yellow",
            "failed": "red",
            "sent": "blue",
        }.get(self.value, "green")


class Stage(enum.Enum):
    """What somebody is told about a record that is not with everyone yet."""

    SOON = "soon"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One reader in the ledger: each moment that is known, and what to do where it failed."""

    circulation_id: int
    version_id: int
    invitee_id: int
    name: str
    agency_name: str
    step: Step
    withheld_reason: str
    problem: str
    queued_at: datetime | None
    sent_at: datetime | None
    opened_at: datetime | None
    downloaded_at: datetime | None
    acknowledged_at: datetime | None
    checked_by: str
    released_at: datetime
    after_all: bool
    attached: bool
    reminded_at: datetime | None
    # The address to which it went and which was not the reader's; empty for every other line.
    wrong_address: str = ""
    # When their links were withdrawn; no letter goes to them until one is sent again.
    links_withdrawn_at: datetime | None = None

    @property
    def why_no_letter(self) -> str:
        """Why no letter tells the reader what became of their copy; empty where one does."""
        return self.withheld_reason or (LINKS_WITHDRAWN if self.links_withdrawn_at else "")

    @property
    def reader(self) -> str:
        """Who has it, in words."""
        if self.wrong_address:
            return f"whoever reads {self.wrong_address}, not the address of {self.name}"
        return f"{self.name}, {self.agency_name}"

    @property
    def seen_by_stranger(self) -> bool:
        """Whether somebody at a wrong address opened it, or may have."""
        return bool(self.wrong_address) and (
            self.opened_at is not None or self.step not in (Step.FAILED, Step.WITHHELD)
        )


@dataclass(frozen=True, slots=True)
class GuestRecord:
    """What an invited person sees of their record before they open it; holds no content."""

    version: int
    signed_at: datetime
    released_at: datetime
    newer_coming: bool
    opened_at: datetime | None
    downloaded_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class CopyFile:
    """One sealed copy as a file. The name says nothing of a child or family."""

    name: str
    pdf: bytes
    version: int


class Found(enum.Enum):
    """What a file turned out to be (F7)."""

    GENUINE = "genuine"
    SUPERSEDED = "superseded"
    RECALLED = "recalled"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is what was signed and issued. Empty fields where that is not known."""

    found: Found
    reference: str = ""
    version: int = 0
    newest: int = 0
    signed_at: datetime | None = None
    issued_at: datetime | None = None
    sha256: str = ""
    problem: str = ""
    part: str = ""  # of an extract: which part of the record it is, without a name
    erased_at: datetime | None = None  # its case was deleted since (H8)

    @property
    def genuine(self) -> bool:
        return self.found in (Found.GENUINE, Found.SUPERSEDED, Found.RECALLED)
