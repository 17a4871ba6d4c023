"""That a child is one who was known already: who said so, what it changed, how to undo it (A3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where

_HOLDS = "undone_at IS NULL"


class ChildMatch(Base):
    """Somebody said that a child on a referral is this known child.

    Said while a referral was entered, `other_id` is empty and `given` keeps what was typed. Linked
    later, `other_id` is the record that the child had until then. `moved` names the referrals and
    discussions that came to the known child by it; `before` keeps what it replaced there.
    """

    __tablename__ = "child_match"
    __table_args__ = (
        Index("ix_child_match_child", "child_id", "id"),
        Index("ix_child_match_other", "other_id", "id"),
        # A record stands for one child at a time.
        Index(
            "uq_child_match_other",
            "other_id",
            unique=True,
            **only_where(_HOLDS),
        ),
        CheckConstraint("other_id <> child_id", name="of_two_records"),
        CheckConstraint("(undone_at IS NULL) = (undo_reason IS NULL)", name="undone_with_a_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("child.id"))
    given: Mapped[str | None] = mapped_column(EncryptedText)
    before: Mapped[str] = mapped_column(EncryptedText)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    said_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    said_at: Mapped[datetime]
    undo_reason: Mapped[str | None] = mapped_column(EncryptedText)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    undone_at: Mapped[datetime | None]
