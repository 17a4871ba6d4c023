"""Codes that stand in for a lost authenticator app, each of them once (H1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class RecoveryCode(Base):
    """One code of somebody's present set, of which only a keyed digest is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("staff_id", "digest", name="uq_recovery_code_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    digest: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
