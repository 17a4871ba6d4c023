"""One thing that was looked at."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    OK = "ok"
    WARNING = "warning"  # look at it this week
    MEND = "mend"  # something does not work, or soon will not


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at, what was seen, and what to do about it; never a name or a secret."""

    what: str
    verdict: Verdict
    seen: str
    remedy: str = ""


def ok(what: str, seen: str) -> Finding:
    return Finding(what, Verdict.OK, seen)


def warning(what: str, seen: str, remedy: str) -> Finding:
    return Finding(what, Verdict.WARNING, seen, remedy)


def mend(what: str, seen: str, remedy: str) -> Finding:
    return Finding(what, Verdict.MEND, seen, remedy)
