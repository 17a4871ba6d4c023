"""That a signed record was filed under a child's reference in the council's case system (A2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class RecordFiling(Base):
    """One tick: this version, for this child, under the reference as it was. A corrected version
    has to be filed as well."""

    __tablename__ = "record_filing"
    __table_args__ = (UniqueConstraint("version_id", "child_id", name="uq_record_filing_child"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    reference: Mapped[str] = mapped_column(EncryptedText)
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    filed_at: Mapped[datetime]
