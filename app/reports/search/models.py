"""What somebody searches for, while they look at what was found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class SearchAsked(Base):
    """A question, kept for the person who asked it and for half a day.

    An address leads to it by number, so that no name stands in an address, a log or the list of
    pages that a browser was on (D2, H7).
    """

    __tablename__ = "search_asked"
    __table_args__ = (
        Index("ix_search_asked_staff", "staff_id", "id"),
        Index("ix_search_asked_asked_at", "asked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(EncryptedText)
    asked_at: Mapped[datetime]
