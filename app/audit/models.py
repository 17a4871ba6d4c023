"""The audit: append-only, each row holding the hash of the one before (H3).

UPDATE and DELETE are refused by triggers in the migration, so that not even the application can
rewrite what happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.audit.types import ActorKind
from app.core.database import Base, only_where, values_of


class AuditEntry(Base):
    """One change, or one batch of views. `details` never holds a protected field."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_kind", "subject_ref", "id"),
        Index("ix_audit_entry_ref", "subject_ref", "id"),
        Index("ix_audit_entry_actor", "actor_id", "id"),
        Index("ix_audit_entry_kind", "subject_kind", "id"),
        Index("ix_audit_entry_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(values_of(ActorKind))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_ref: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str]
    digest: Mapped[str]


class AuditHead(Base):
    """The last link, sealed with the audit key: cutting the end off the chain shows."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    digest: Mapped[str]
    seal: Mapped[str]


class AuditView(Base):
    """A page of a case was sent to somebody. Written before the page, chained by the worker."""

    __tablename__ = "audit_view"
    __table_args__ = (
        Index(
            "ix_audit_view_unchained",
            "id",
            **only_where("entry_id IS NULL"),
        ),
        Index("ix_audit_view_subject", "subject_kind", "subject_ref", "id"),
        Index("ix_audit_view_entry", "entry_id"),
        Index("ix_audit_view_ref", "subject_ref", "id"),
        Index("ix_audit_view_actor", "actor_id", "id"),
        Index("ix_audit_view_kind", "subject_kind", "id"),
        Index("ix_audit_view_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(values_of(ActorKind))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str]
    page: Mapped[str]
    subject_kind: Mapped[str]
    subject_ref: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("audit_entry.id"))
