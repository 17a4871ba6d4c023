"""What an open case is about, kept with its discussion: it has no referral that says so (A11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.database import Base, EncryptedText, values_of
from app.referrals.types import DomesticAbuseRisk


class OpenCase(Base):
    """The same words as a referral's, of a discussion without one."""

    __tablename__ = "open_case"
    __table_args__ = (UniqueConstraint("meeting_id", name="uq_open_case_meeting"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    concerns: Mapped[list[str]] = mapped_column(JSON)
    flags: Mapped[list[str]] = mapped_column(JSON)
    domestic_abuse: Mapped[DomesticAbuseRisk | None] = mapped_column(values_of(DomesticAbuseRisk))
    immediate_action_at: Mapped[datetime | None]
    hospital: Mapped[str | None] = mapped_column(EncryptedText)
    version: Mapped[int] = mapped_column()

    adults: Mapped[list[OpenCaseAdult]] = relationship(
        order_by="OpenCaseAdult.id", lazy="selectin", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class OpenCaseAdult(Base):
    """Parents, others in the household, an alleged perpetrator (A2)."""

    __tablename__ = "open_case_adult"
    __table_args__ = (Index("ix_open_case_adult_case", "open_case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    open_case_id: Mapped[int] = mapped_column(ForeignKey("open_case.id"))
    name: Mapped[str] = mapped_column(EncryptedText)
    relationship_to_child: Mapped[str] = mapped_column(EncryptedText)
    parental_responsibility: Mapped[bool]
    in_household: Mapped[bool]
    alleged_perpetrator: Mapped[bool]
    under_18: Mapped[bool]
    # Where an alleged perpetrator works: that agency is never proposed (C2).
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    # One that is not in the directory, by its name.
    employer_typed: Mapped[str | None] = mapped_column(EncryptedText)
