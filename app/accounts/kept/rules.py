"""What is kept of a form that came too late, and for how long: pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

KEPT_FOR = timedelta(hours=12)
MOST = 20  # of one person; the oldest gives way
# Names of fields that are the browser's business and no words of a person.
_NOT_TYPED = ("csrf_token", "nonce")


def worth_keeping(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields of a form without the token against forgery; nothing of a mere button."""
    kept = [(name, value) for name, value in fields if not name.endswith("csrf_token")]
    typed = any(value and not name.endswith(_NOT_TYPED) for name, value in kept)
    return kept if typed else []


def passages(fields: Iterable[tuple[str, str]]) -> list[str]:
    """What was written in more than three words, to be shown: it is what would hurt to lose."""
    return [value for _name, value in fields if len(value.split()) > 3]


def is_over(kept_at: datetime, now: datetime) -> bool:
    """Whether a kept form is shown to nobody any more."""
    return now - kept_at > KEPT_FOR
