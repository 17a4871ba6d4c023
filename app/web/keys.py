"""The key of the last row of a page, out of the address of the next one."""

from __future__ import annotations

from datetime import datetime


def moment_key(typed: str) -> tuple[datetime, int] | None:
    """(aware moment, number of the row); a broken one is the first page."""
    at, _, row = typed.rpartition(",")
    try:
        moment = datetime.fromisoformat(at.replace(" ", "+"))
        return (moment, int(row)) if moment.tzinfo is not None else None
    except ValueError:
        return None
