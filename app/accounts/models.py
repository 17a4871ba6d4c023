"""Staff, their roles and their sessions on the server (H1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.types import Role
from app.core.database import Base, EncryptedText, only_where, values_of


class Staff(Base):
    """A member of staff. Leavers are ended, never deleted: history keeps their name."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("email", name="uq_staff_email"),
        Index("uq_staff_sign_on_subject", "sign_on_subject", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]  # lower case
    telephone: Mapped[str | None]
    password_hash: Mapped[str]
    must_set_password: Mapped[bool]
    totp_secret: Mapped[str | None] = mapped_column(EncryptedText)
    totp_confirmed_at: Mapped[datetime | None]
    # The last time step a code was taken for: each code works once.
    totp_last_step: Mapped[int | None]
    # Who this is to the council's single sign-on, bound at the first sign-in through it.
    sign_on_subject: Mapped[str | None]
    failures: Mapped[int]
    paused_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    roles: Mapped[list[StaffRole]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", back_populates="staff"
    )

    __mapper_args__ = {"version_id_col": version}


class StaffRole(Base):
    __tablename__ = "staff_role"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(values_of(Role), primary_key=True)

    staff: Mapped[Staff] = relationship(back_populates="roles")


class StaffSession(Base):
    """A signed-in browser. The cookie holds a random token, the table its digest."""

    __tablename__ = "staff_session"
    __table_args__ = (
        UniqueConstraint("token_digest", name="uq_staff_session_token_digest"),
        Index(
            "ix_staff_session_open",
            "staff_id",
            **only_where("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    token_digest: Mapped[str]
    # Until the second factor is given the session opens nothing.
    passed_second_factor_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    reauthenticated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # Which browser, from which address, for its owner to know it again.
    place: Mapped[str | None] = mapped_column(EncryptedText)
    # Through the council's single sign-on, which then is asked again for what matters.
    by_sign_on: Mapped[bool] = mapped_column(default=False, server_default=false())


class KeptForm(Base):
    """A form that came after its sender had been signed out, or had to show again who they are.

    Kept encrypted for its sender alone, until it is sent once more or its time is over (E1).
    """

    __tablename__ = "kept_form"
    __table_args__ = (
        Index("ix_kept_form_staff", "staff_id", "id"),
        Index("ix_kept_form_kept_at", "kept_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    address: Mapped[str]
    fields: Mapped[str] = mapped_column(EncryptedText)  # JSON: pairs of name and value
    had_file: Mapped[bool]
    kept_at: Mapped[datetime]
