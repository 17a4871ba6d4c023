"""Domestic abuse cases.

Held apart from referrals and children on purpose: nothing that reads those tables can show what is
marked for the list alone (IMAP 5). Consent or a concern makes a referral of a case.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.database import Base, EncryptedDate, EncryptedText, only_where, values_of
from app.referrals.abuse.types import Idva, PersonKind, Release
from app.referrals.types import DomesticAbuseRisk, Outcome


class AbuseCase(Base):
    """One incident. `clocks` keeps protocol, version, facts and reasons of its deadline (B1)."""

    __tablename__ = "abuse_case"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_abuse_case_ref"),
        UniqueConstraint("referral_id", name="uq_abuse_case_referral"),
        Index(
            "ix_abuse_case_open",
            "due_at",
            "id",
            **only_where("closed_at IS NULL"),
        ),
        Index("ix_abuse_case_received", "received_at", "id"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed_with_outcome"),
        CheckConstraint("(released_at IS NULL) = (release IS NULL)", name="released_by_something"),
        CheckConstraint("dash_score BETWEEN 0 AND 24", name="dash_has_24_questions"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    # Of a case that began as a referral, or became one.
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    received_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    source_agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    incident: Mapped[str | None] = mapped_column(EncryptedText)
    account: Mapped[str] = mapped_column(EncryptedText)
    address: Mapped[str | None] = mapped_column(EncryptedText)
    risk: Mapped[DomesticAbuseRisk] = mapped_column(values_of(DomesticAbuseRisk))
    risk_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # Empty where the area's list takes this risk at its own time.
    due_at: Mapped[datetime | None]
    clocks: Mapped[dict[str, Any]] = mapped_column(JSON)
    dash_score: Mapped[int | None]
    dash_by: Mapped[str | None]
    idva: Mapped[Idva | None] = mapped_column(values_of(Idva))
    idva_note: Mapped[str | None] = mapped_column(EncryptedText)
    marac_on: Mapped[date | None]
    marac_note: Mapped[str | None] = mapped_column(EncryptedText)
    release: Mapped[Release | None] = mapped_column(values_of(Release))
    release_reason: Mapped[str | None] = mapped_column(EncryptedText)
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[Outcome | None] = mapped_column(values_of(Outcome))
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    people: Mapped[list[AbusePerson]] = relationship(
        order_by="AbusePerson.position", lazy="selectin", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class EarlierClock(Base):
    """The clock of a case that had its outcome and was opened again: by it the case was in time or
    late, and a later clock makes it neither (G3)."""

    __tablename__ = "abuse_earlier_clock"
    __table_args__ = (Index("ix_abuse_earlier_clock_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("abuse_case.id"))
    risk: Mapped[DomesticAbuseRisk] = mapped_column(values_of(DomesticAbuseRisk))
    due_at: Mapped[datetime | None]
    clocks: Mapped[dict[str, Any]] = mapped_column(JSON)
    outcome: Mapped[Outcome] = mapped_column(values_of(Outcome))
    closed_at: Mapped[datetime]
    opened_at: Mapped[datetime]


class AbusePerson(Base):
    """Somebody in an incident. In no index of names: found through the case alone."""

    __tablename__ = "abuse_person"
    __table_args__ = (Index("ix_abuse_person_case", "case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("abuse_case.id"))
    position: Mapped[int]
    kind: Mapped[PersonKind] = mapped_column(values_of(PersonKind))
    given_name: Mapped[str] = mapped_column(EncryptedText)
    family_name: Mapped[str] = mapped_column(EncryptedText)
    date_of_birth: Mapped[date | None] = mapped_column(EncryptedDate)
    due_date: Mapped[date | None] = mapped_column(EncryptedDate)  # of a baby not born yet
