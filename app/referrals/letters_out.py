"""From whom this installation's letters go, for routes."""

from __future__ import annotations

from app.core.config import SETTINGS
from app.referrals.sender import Sender


def sender() -> Sender:
    """The mailbox and the site of the settings."""
    held = SETTINGS.here()
    return Sender(mail_from=held.mail_from, base_url=held.base_url)
