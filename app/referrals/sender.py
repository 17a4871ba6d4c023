"""From whom letters go (D1)."""

from __future__ import annotations

from dataclasses import dataclass

from app.directory.models import CouncilSettings
from app.invitations.types import Desk


@dataclass(frozen=True, slots=True)
class Sender:
    """From which mailbox letters go, and to which site their links lead."""

    mail_from: str
    base_url: str


def desk_of(settings: CouncilSettings, sender: Sender) -> Desk:
    """Who sends: From and ORGANIZER are one mailbox, which somebody reads (D1)."""
    return Desk(
        name=settings.desk_name,
        email=sender.mail_from,
        telephone=settings.desk_telephone,
        out_of_hours=settings.out_of_hours_telephone or "",
    )
