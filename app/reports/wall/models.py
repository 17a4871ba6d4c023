"""Displays: screens on a wall that a link of their own opens (G2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, values_of
from app.reports.wall.types import Screen


class WallDisplay(Base):
    """The link is kept as a hash only, and opens nothing but this screen until it is revoked."""

    __tablename__ = "wall_display"
    __table_args__ = (
        UniqueConstraint("token_digest", name="uq_wall_display_token"),
        Index("ix_wall_display_made", "made_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    screen: Mapped[Screen] = mapped_column(values_of(Screen))
    token_digest: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
