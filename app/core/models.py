"""What this installation is, and which workers were seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class Installation(Base):
    """One row. `example` is set when the example area is filled and never unset (I2)."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    example: Mapped[bool]
    created_at: Mapped[datetime]
    # Keys that belong to the stored rows: kept with them, readable only with FIELD_KEYS.
    index_key: Mapped[str] = mapped_column(EncryptedText)
    audit_key: Mapped[str] = mapped_column(EncryptedText)


class WorkerSeen(Base):
    """When the worker of a machine last went round. One row for each machine."""

    __tablename__ = "worker_seen"

    host: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
