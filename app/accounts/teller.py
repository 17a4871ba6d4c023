"""Who writes to people about their account: handed in by the factory, from floors above."""

from __future__ import annotations

from app.accounts.telling import Tell
from app.core.handed import Handed

TELL_STAFF = Handed[Tell]("tell_staff")


def teller() -> Tell:
    """Who writes these letters in this application."""
    return TELL_STAFF.here()
