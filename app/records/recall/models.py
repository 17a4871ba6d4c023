"""Which versions were taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class RecordRecall(Base):
    """A version that nobody may read any more by their link, and why (F5)."""

    __tablename__ = "record_recall"

    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(EncryptedText)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    # No corrected version follows, and why: the record is settled as it stands (F8).
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_reason: Mapped[str | None] = mapped_column(EncryptedText)
