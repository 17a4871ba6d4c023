"""The council's wards (G3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class Ward(Base):
    """One ward. A ward that is taken off the list stays, for the referrals that lie in it."""

    __tablename__ = "ward"
    __table_args__ = (UniqueConstraint("name", name="uq_ward_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    area: Mapped[str]
    team: Mapped[str]
    ended_at: Mapped[datetime | None]
