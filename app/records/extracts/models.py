"""Parts of a signed version as sealed files. They refuse UPDATE and DELETE by trigger (F6, F7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, values_of
from app.records.document.types import ExtractKind


class RecordExtract(Base):
    """A part of a signed version as a sealed file, as bytes: one child's, or the actions of one
    agency (F6). Verification knows it as it knows the copies; it refuses UPDATE and DELETE too."""

    __tablename__ = "record_extract"
    __table_args__ = (
        UniqueConstraint("version_id", "kind", "place", name="uq_record_extract_part"),
        Index("ix_record_extract_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"))
    kind: Mapped[ExtractKind] = mapped_column(values_of(ExtractKind))
    # Which child or agency, counted from 0 in the order of the signed content.
    place: Mapped[int]
    pdf: Mapped[bytes] = mapped_column(LargeBinary)  # encrypted with the record key
    sha256: Mapped[str]  # of the sealed PDF
    made_at: Mapped[datetime]
