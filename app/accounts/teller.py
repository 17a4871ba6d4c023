"""Who writes to people about their account: handed in by the factory, from floors above."""

from __future__ import annotations

from typing import cast

from flask import current_app

from app.accounts.telling import Tell


def teller() -> Tell:
    """Who writes these letters in this application."""
    return cast(Tell, current_app.extensions["tell_staff"])
