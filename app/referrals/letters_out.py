"""From whom this installation's letters go, for the routes of referrals."""

from __future__ import annotations

from flask import current_app

from app.core.config import Settings
from app.referrals.sender import Sender


def sender() -> Sender:
    """The mailbox and the site of the settings."""
    held: Settings = current_app.extensions["settings"]
    return Sender(mail_from=held.mail_from, base_url=held.base_url)
