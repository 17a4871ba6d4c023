"""When a version may be taken back: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.core.refusal import Refused
from app.records.types import LedgerLine


def check_recall(reason: str, recalled: bool, released: bool) -> None:
    """Raises Refused without a reason, where nobody was given the version, or where it was
    recalled before (F5)."""
    if not reason.strip():
        raise Refused("reason", "Say why the record is recalled")
    if recalled:
        raise Refused("page", "This version was recalled already")
    if not released:
        raise Refused("page", "Nobody was given this version yet: there is nothing to recall")


def check_close(reason: str, closed: bool) -> None:
    """Raises Refused without a reason, or where the recalled version was closed before (F8)."""
    if closed:
        raise Refused("page", "It was closed already")
    if not reason.strip():
        raise Refused("reason", "Say why no corrected record follows")


def not_by_email(lines: Iterable[LedgerLine], reached: Collection[int]) -> tuple[LedgerLine, ...]:
    """Whose copy was withheld and whom no letter about the record `reached`, by number: no letter
    asks them to delete it, and somebody may have read it to them. And whose links are withdrawn,
    who had it and are not written to. `lines` are of the versions that
    are recalled, the newest first; one line for each, which says why it was withheld."""
    lines = list(lines)
    told = {line.invitee_id for line in lines if line.opened_at}.union(reached)
    found: dict[int, LedgerLine] = {}
    for line in lines:
        had_it = line.invitee_id in told
        untold = line.links_withdrawn_at if had_it else line.withheld_reason
        if untold and not line.wrong_address:
            found.setdefault(line.invitee_id, line)
    return tuple(found.values())
