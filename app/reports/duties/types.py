"""What waits for somebody beside cases, as the first page shows it (G1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.meetings.received.types import NotRead
from app.reports.quality.periods import Period


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do. `due_at` is empty where something is wrong now; `href` where nothing on a
    page mends it."""

    words: str
    details: str
    due_at: datetime | None
    state: str  # calm, soon, late
    state_text: str
    left_text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """How the installation stands; a moment is empty where there is none."""

    worker_seen: datetime | None
    mail_held: datetime | None
    mail_oldest: datetime | None
    mail_failed: int
    mailbox: NotRead | None  # a mailbox that cannot be read
    notice_oldest: datetime | None  # since when a letter to the quality service is due
    views_oldest: datetime | None
    backup: datetime | None
    backup_problems: int  # that it found in the database
    paused: int  # accounts that take no password at the moment


class Backup(NamedTuple):
    """A backup: when it was taken, and how much of the database it found not to be whole."""

    at: datetime
    problems: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What is open in quality. `report_made` holds too where there is nothing to report.

    `undrawn`: months whose sample is to be drawn, the newest first; `to_review`: cases still to be
    reviewed, of `samples_open` samples of which the oldest is that of `oldest_open`.
    """

    near_misses: int
    near_miss_oldest: datetime | None
    undrawn: tuple[Period, ...]
    to_review: int
    samples_open: int
    oldest_open: Period | None
    report_made: bool
