"""A new second factor that was offered and not confirmed yet: travels with its form, encrypted.

So a page that is only looked at changes nothing, and two open pages do not disturb each other.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from app.core.crypto import UnreadableField, field_cipher

LASTS = timedelta(minutes=15)


def seal(staff_id: int, secret: str, now: datetime) -> str:
    """The secret for the hidden field of its form."""
    held = [staff_id, secret, int(now.timestamp())]
    return field_cipher.encrypt(json.dumps(held).encode()).decode()


def opened(sealed: str, staff_id: int, now: datetime) -> str | None:
    """The secret that was offered to this person within a quarter of an hour, or None."""
    try:
        owner, secret, at = json.loads(field_cipher.decrypt(sealed.encode()))
    except (UnreadableField, ValueError, TypeError):
        return None
    fresh = 0 <= now.timestamp() - at <= LASTS.total_seconds()
    return str(secret) if owner == staff_id and fresh else None
