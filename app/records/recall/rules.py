"""When a version may be taken back: pure."""

from __future__ import annotations

from app.core.refusal import Refused


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
