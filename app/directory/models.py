"""The council's own settings; agencies, professionals and conference lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.database import Base, EncryptedText, only_where, values_of
from app.directory.types import AgencyKind, ProfessionalRole


class CouncilSettings(Base):
    """One row. Numbers and addresses are the council's, empty in the shipped protocols (A1)."""

    __tablename__ = "council_settings"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority: Mapped[str]
    # Three digits, under which the Department for Education knows the council (G4).
    authority_number: Mapped[str] = mapped_column(default="")
    protocol_id: Mapped[str]
    desk_name: Mapped[str]
    desk_telephone: Mapped[str]
    desk_email: Mapped[str]
    out_of_hours_telephone: Mapped[str]
    # Local times, "09:00" and "17:00": contacts outside are marked out of hours (A1).
    office_opens: Mapped[str]
    office_closes: Mapped[str]
    # Domains to which a record may go as an attachment (F5), lower case.
    secure_domains: Mapped[list[str]] = mapped_column(JSON)
    # Days the council is closed: they take slots away, never lengthen a clock (B3). ISO dates.
    closure_days: Mapped[list[str]] = mapped_column(JSON)
    meeting_place: Mapped[str]
    # Where forms go and whom to telephone about them; empty until the council fills them in
    # (BROMLEY 1).
    police_form_email: Mapped[str]
    police_form_telephone: Mapped[str]
    medical_form_email: Mapped[str]
    medical_telephone: Mapped[str]
    medical_reception_telephone: Mapped[str]
    # Who looks for a date as soon as a conference is likely (BROMLEY 1).
    quality_email: Mapped[str] = mapped_column(default="", server_default="")
    extra: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class Agency(Base):
    __tablename__ = "agency"
    __table_args__ = (UniqueConstraint("name", name="uq_agency_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[AgencyKind] = mapped_column(values_of(AgencyKind))
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    professionals: Mapped[list[Professional]] = relationship(back_populates="agency")


class Professional(Base):
    """A person or a duty desk that can be invited."""

    __tablename__ = "professional"
    __table_args__ = (
        Index(
            "ix_professional_role",
            "role",
            **only_where("ended_at IS NULL"),
        ),
        Index("ix_professional_agency", "agency_id"),
        Index("ix_professional_email", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    name: Mapped[str]
    role: Mapped[ProfessionalRole] = mapped_column(values_of(ProfessionalRole))
    title: Mapped[str]  # as they call themselves: "Named nurse, school health"
    email: Mapped[str | None]
    telephone: Mapped[str | None]
    # A team's mailbox: whoever answers gives name and role (D3).
    is_team: Mapped[bool]
    decision_maker: Mapped[bool]  # C8
    # Away: from and until, as people tell the desk. Proposals then name the next in line.
    away_until: Mapped[datetime | None]
    # When they work: weekdays as digits, Monday is 1 ("12345"), and local times ("09:00"). Empty
    # where that is not known.
    works_days: Mapped[str]
    works_from: Mapped[str | None]
    works_to: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    agency: Mapped[Agency] = relationship(back_populates="professionals", lazy="joined")


class ConferenceLine(Base):
    __tablename__ = "conference_line"
    __table_args__ = (UniqueConstraint("name", name="uq_conference_line_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    telephone: Mapped[str]
    ended_at: Mapped[datetime | None]


class LinePin(Base):
    """A PIN from the line's list: each serves one meeting, once (C4). Never in a log."""

    __tablename__ = "line_pin"
    __table_args__ = (
        Index(
            "ix_line_pin_unused",
            "line_id",
            "id",
            **only_where("used_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("conference_line.id"))
    pin: Mapped[str] = mapped_column(EncryptedText)
    used_at: Mapped[datetime | None]
