"""What an answer of the provider is worth: pure (H1)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from app.accounts.sign_on.types import Known

LASTS = timedelta(minutes=10)  # from the button to the provider's answer
SKEW = timedelta(seconds=60)  # by how much the clocks may differ
CODE_WITHIN = timedelta(minutes=5)  # from the provider's answer to our own code


def has_second_factor(known: Known, counted: Collection[str]) -> bool:
    """Whether the provider asked for a second factor that the settings let count."""
    return not known.methods.isdisjoint(counted)


def is_again(known: Known, begun_at: datetime) -> bool:
    """Whether the person gave their password after this was begun, and not some time before: a
    provider that remembers people would else answer for whoever sits at the screen (F2)."""
    return known.authenticated_at is not None and known.authenticated_at >= begun_at - SKEW
