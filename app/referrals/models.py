"""Referrals, the children and adults on them, and what was decided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.core.database import Base, EncryptedDate, EncryptedText, only_where, values_of
from app.referrals.outcome.types import FilterReason
from app.referrals.types import (
    AT_RISK_NOW,
    IN_TURN,
    Channel,
    ConsentState,
    DomesticAbuseRisk,
    Flag,
    LawfulBasis,
    Outcome,
    Rating,
    RatingStage,
    ReferralState,
)


class Child(Base):
    """A known child. Names and dates are protected; matching goes by `ChildKey` (A2, A3, H6)."""

    __tablename__ = "child"
    __table_args__ = (UniqueConstraint("ref", name="uq_child_ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    given_name: Mapped[str] = mapped_column(EncryptedText)
    family_name: Mapped[str] = mapped_column(EncryptedText)
    date_of_birth: Mapped[date | None] = mapped_column(EncryptedDate)
    due_date: Mapped[date | None] = mapped_column(EncryptedDate)  # unborn
    gender: Mapped[str | None] = mapped_column(EncryptedText)
    ethnicity: Mapped[str | None] = mapped_column(EncryptedText)
    religion: Mapped[str | None] = mapped_column(EncryptedText)
    first_language: Mapped[str | None] = mapped_column(EncryptedText)
    needs_interpreter: Mapped[bool]
    disability: Mapped[str | None] = mapped_column(EncryptedText)
    looked_after: Mapped[bool]
    address: Mapped[str | None] = mapped_column(EncryptedText)
    # The child's reference in the council's case system (A2).
    case_reference: Mapped[str | None] = mapped_column(EncryptedText)
    # A school, practice or clinic that is not in the directory.
    school_typed: Mapped[str | None] = mapped_column(EncryptedText)
    gp_typed: Mapped[str | None] = mapped_column(EncryptedText)
    health_typed: Mapped[str | None] = mapped_column(EncryptedText)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class ChildKey(Base):
    """Keyed digests of how a name sounds and when a child was born: finds likely matches without
    a name in the clear."""

    __tablename__ = "child_key"
    __table_args__ = (Index("ix_child_key_digest", "digest", "child_id"),)

    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)


class ChildProfessional(Base):
    """Who in the directory works with a child (A2, C2)."""

    __tablename__ = "child_professional"
    __table_args__ = (
        Index(
            "ix_child_professional_professional",
            "professional_id", "actively_involved", "child_id",
        ),
    )  # fmt: skip

    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), primary_key=True)
    actively_involved: Mapped[bool]
    lead: Mapped[bool]


class Referral(Base):
    __tablename__ = "referral"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_referral_ref"),
        # The queue: late first, flat from a thousand rows to a million.
        Index(
            "ix_referral_open",
            "queue_place",
            "act_by_at",
            "id",
            **only_where("decided_at IS NULL"),
        ),
        Index(
            "ix_referral_assessment",
            "assessment_due_at",
            "id",
            **only_where("assessment_due_at IS NOT NULL"),
        ),
        Index("ix_referral_received", "received_at", "id"),
        Index("ix_referral_source", "source_agency_id", "received_at", "id"),
        Index(
            "ix_referral_referrer",
            "referrer_professional_id",
            "received_at",
            "id",
            **only_where("referrer_professional_id IS NOT NULL"),
        ),
        Index(
            "ix_referral_filtered",
            "decided_at",
            "filtered",
            **only_where("filtered IS NOT NULL"),
        ),
        CheckConstraint(
            "(state = 'decided') = (decided_at IS NOT NULL)", name="decided_has_a_moment"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    state: Mapped[ReferralState] = mapped_column(values_of(ReferralState))
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    in_office_hours: Mapped[bool]
    channel: Mapped[Channel] = mapped_column(values_of(Channel))
    source_agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    referrer_name: Mapped[str | None] = mapped_column(EncryptedText)
    referrer_role: Mapped[str | None] = mapped_column(EncryptedText)
    referrer_email: Mapped[str | None] = mapped_column(EncryptedText)
    referrer_telephone: Mapped[str | None] = mapped_column(EncryptedText)
    # The referrer in the directory, where known: proposed as an invitee (C2).
    referrer_professional_id: Mapped[int | None] = mapped_column(ForeignKey("professional.id"))
    concerns: Mapped[list[str]] = mapped_column(JSON)
    flags: Mapped[list[str]] = mapped_column(JSON)
    narrative: Mapped[str] = mapped_column(EncryptedText)
    domestic_abuse: Mapped[DomesticAbuseRisk | None] = mapped_column(values_of(DomesticAbuseRisk))
    rating: Mapped[Rating | None] = mapped_column(values_of(Rating))
    identified_at: Mapped[datetime | None]
    need_identified_at: Mapped[datetime | None]
    immediate_action_at: Mapped[datetime | None]
    hospital: Mapped[str | None] = mapped_column(EncryptedText)
    consent: Mapped[ConsentState | None] = mapped_column(values_of(ConsentState))
    lawful_basis: Mapped[LawfulBasis | None] = mapped_column(values_of(LawfulBasis))
    # Where the children live (G3).
    ward_id: Mapped[int | None] = mapped_column(ForeignKey("ward.id"))
    # A referral on one of these children within 12 months before (A3).
    earlier_referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    decision_due_at: Mapped[datetime]
    # 0 where a child may be at risk now, else 1: kept with the flags, for the order of the queue.
    queue_place: Mapped[int]
    # Before the decision: the first of its clock and the strategy discussion's, if one is needed.
    act_by_at: Mapped[datetime]
    outcome: Mapped[Outcome | None] = mapped_column(values_of(Outcome))
    decided_at: Mapped[datetime | None]
    # While an assessment under section 17 is under way (F8): by then it is due.
    assessment_due_at: Mapped[datetime | None]
    # It was over before this installation counted: said of all of these at once.
    assessment_past: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Why the decision that holds says that it was no referral (A12).
    filtered: Mapped[FilterReason | None] = mapped_column(values_of(FilterReason))
    # Of a reopened referral: the first decision and when that was due. Set once, since a reopening
    # makes no late decision timely (G3).
    first_decided_at: Mapped[datetime | None]
    first_due_at: Mapped[datetime | None]
    # Deleted: the row stands for what is signed, and for the statistics (H8).
    erased_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    children: Mapped[list[ReferralChild]] = relationship(
        order_by="ReferralChild.position", lazy="selectin", cascade="all, delete-orphan"
    )
    adults: Mapped[list[ReferralAdult]] = relationship(
        order_by="ReferralAdult.id", lazy="selectin", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @validates("flags")
    def _placed(self, _name: str, flags: list[str]) -> list[str]:
        self.queue_place = AT_RISK_NOW if Flag.RISK_NOW.value in flags else IN_TURN
        return flags


class ReferralChild(Base):
    __tablename__ = "referral_child"
    __table_args__ = (
        Index("ix_referral_child_child", "child_id", "referral_id"),
        Index(
            "ix_referral_child_joined",
            "referral_id",
            **only_where("speak_by_at IS NOT NULL AND settled_at IS NULL"),
        ),
    )

    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), primary_key=True)
    position: Mapped[int]
    # Of one who joined later: until when a discussion has to speak of them,
    # or somebody to say that none is needed (IMAP 5).
    speak_by_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_reason: Mapped[str | None] = mapped_column(EncryptedText)

    child: Mapped[Child] = relationship(lazy="joined", innerjoin=True)


class ReferralAdult(Base):
    """Parents, others in the household, an alleged perpetrator (A2)."""

    __tablename__ = "referral_adult"
    __table_args__ = (Index("ix_referral_adult_referral", "referral_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
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


class ReferralRating(Base):
    """Every rating keeps who, when and why (A5)."""

    __tablename__ = "referral_rating"
    __table_args__ = (Index("ix_referral_rating_referral", "referral_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    rating: Mapped[Rating] = mapped_column(values_of(Rating))
    stage: Mapped[RatingStage] = mapped_column(values_of(RatingStage))
    reason: Mapped[str] = mapped_column(EncryptedText)
    # Why it was rated again although nothing had been gathered.
    early_because: Mapped[str | None] = mapped_column(EncryptedText)
    rated_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    rated_at: Mapped[datetime]


class ReferralConsent(Base):
    """Each state of consent, its lawful basis and reason, and whether the family was told (A4)."""

    __tablename__ = "referral_consent"
    __table_args__ = (
        Index("ix_referral_consent_referral", "referral_id", "id"),
        CheckConstraint(
            "state = 'given' OR (lawful_basis IS NOT NULL AND reason IS NOT NULL)",
            name="without_consent_has_a_basis",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    state: Mapped[ConsentState] = mapped_column(values_of(ConsentState))
    lawful_basis: Mapped[LawfulBasis | None] = mapped_column(values_of(LawfulBasis))
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    family_told: Mapped[bool]
    family_told_note: Mapped[str | None] = mapped_column(EncryptedText)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]


class ReferralDecision(Base):
    """What was decided, why, by whom (A7). The last row is the one that holds."""

    __tablename__ = "referral_decision"
    __table_args__ = (Index("ix_referral_decision_referral", "referral_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    outcome: Mapped[Outcome] = mapped_column(values_of(Outcome))
    reason: Mapped[str] = mapped_column(EncryptedText)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime]
