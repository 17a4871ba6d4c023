"""From whom letters go (D1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.invitations.types import Desk


class DeskSettings(Protocol):
    """What letters say of the desk, from the council's settings."""

    @property
    def desk_name(self) -> str: ...
    @property
    def desk_telephone(self) -> str: ...
    @property
    def out_of_hours_telephone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sender:
    """From which mailbox letters go, and to which site their links lead."""

    mail_from: str
    base_url: str


def desk_of(settings: DeskSettings, sender: Sender) -> Desk:
    """Who sends: From and ORGANIZER are one mailbox, which somebody reads (D1)."""
    return Desk(
        name=settings.desk_name,
        email=sender.mail_from,
        telephone=settings.desk_telephone,
        out_of_hours=settings.out_of_hours_telephone or "",
    )
