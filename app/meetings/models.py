"""Strategy discussions: when and where each is held, who is invited, what they send."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    false,
    select,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, aliased, column_property, mapped_column, relationship

from app.accounts.models import Staff
from app.core.database import Base, EncryptedBytes, EncryptedText, only_where, values_of
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.types import (
    Answer,
    Attendance,
    Format,
    MeetingState,
    MessageKind,
    ReportVia,
    Route,
)


def _names_staff(context: DefaultExecutionContext) -> bool:
    row = context.current_parameters or {}
    return row.get("staff_id") is not None


_COLLEAGUE = aliased(Staff)


class Meeting(Base):
    """One strategy discussion. `clocks` keeps the protocol, version, facts and reasons its
    deadlines came from, so that a later edit of a protocol never rewrites history (B1)."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_meeting_ref"),
        Index("ix_meeting_needed", "due_at", "id", **only_where("state = 'needed'")),
        Index(
            "ix_meeting_cancelled",
            "due_at",
            "id",
            **only_where("state = 'cancelled' AND replaced_at IS NULL AND not_needed_at IS NULL"),
        ),
        Index(
            "ix_meeting_sooner",
            "sooner_due_at",
            "id",
            **only_where("sooner_due_at IS NOT NULL AND state IN ('needed', 'booked')"),
        ),
        Index("ix_meeting_booked", "starts_at", "id", **only_where("state = 'booked'")),
        Index("ix_meeting_under_way", "started_at", "id", **only_where("state = 'under_way'")),
        Index("ix_meeting_unsigned", "record_due_at", "id", **only_where("state = 'ended'")),
        Index(
            "ix_meeting_uncirculated",
            "record_due_at",
            "id",
            **only_where("state = 'signed' AND circulated_at IS NULL"),
        ),
        Index("ix_meeting_referral", "referral_id", "id"),
        Index("ix_meeting_chair", "chair_id", "starts_at"),
        Index(
            "ix_meeting_chair_under_way",
            "chair_id",
            "started_at",
            **only_where("state = 'under_way'"),
        ),
        Index("ix_meeting_need_decided", "need_decided_at", "id"),  # the dataset, by month
        Index("ix_meeting_ended", "ended_at", "id", **only_where("ended_at IS NOT NULL")),
        Index("ix_meeting_starts", "starts_at", "id"),
        Index(
            "ix_meeting_at_once",
            "started_at",
            "id",
            **only_where("starts_at IS NULL AND started_at IS NOT NULL"),
        ),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("ended_at >= started_at", name="ended_after_started"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    # Empty for a discussion that starts from an open case (A11).
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    state: Mapped[MeetingState] = mapped_column(values_of(MeetingState))
    route: Mapped[Route] = mapped_column(values_of(Route))
    format: Mapped[Format] = mapped_column(values_of(Format))
    need_reason: Mapped[str] = mapped_column(EncryptedText)
    need_decided_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    # Of the first of those that took each other's place: it may be written down weeks later.
    need_decided_at: Mapped[datetime]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    # The hard limit: that deadline, or the next limit behind a target or plan (B1).
    limit_at: Mapped[datetime | None]
    clocks: Mapped[dict[str, Any]] = mapped_column(JSON)
    late_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # By what was noted since, until the chair takes it as the deadline (B1).
    sooner_due_at: Mapped[datetime | None]
    sooner_noted_at: Mapped[datetime | None]

    chair_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(EncryptedText)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("conference_line.id"))
    pin_id: Mapped[int | None] = mapped_column(ForeignKey("line_pin.id"))
    # A typed dial-in where no line was booked (C11).
    typed_dial_in: Mapped[str | None] = mapped_column(EncryptedText)

    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    record_due_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    circulated_at: Mapped[datetime | None]  # when the newest version was with everyone
    # When a version first was: set once, since a correction makes no record late (F2, G3).
    first_circulated_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # Cancelled, and a later one took its place for every child: nobody is asked about it again.
    replaced_at: Mapped[datetime | None]
    # And until when its need stood, where no clock of the later one counts that (B1, G3).
    need_until: Mapped[datetime | None]
    # Cancelled, and no other is needed: said for an open case, which has no other outcome (A11).
    not_needed_at: Mapped[datetime | None]
    not_needed_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # Booked, and kept although another took place at once before this moment (C11).
    kept_at: Mapped[datetime | None]
    kept_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # Deleted: the row stands for what is signed, and for the statistics (H8).
    erased_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    children: Mapped[list[MeetingChild]] = relationship(
        order_by="MeetingChild.position", lazy="selectin", cascade="all, delete-orphan"
    )
    invitees: Mapped[list[Invitee]] = relationship(
        order_by="Invitee.id", lazy="selectin", back_populates="meeting"
    )

    __mapper_args__ = {"version_id_col": version}

    def links_withdrawn_from(self, email: str | None) -> datetime | None:
        """When the links of whoever was last invited at this address were withdrawn; None where
        they were not, or where a letter was sent there again. Whoever comes onto the list with
        that address, be it once more, gets no letter by itself either (D3)."""
        address = (email or "").lower()
        there = [one for one in self.invitees if address and (one.email or "").lower() == address]
        return there[-1].links_withdrawn_at if there else None


class MeetingChild(Base):
    __tablename__ = "meeting_child"
    __table_args__ = (Index("ix_meeting_child_child", "child_id", "meeting_id"),)

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), primary_key=True)
    position: Mapped[int]


class LineQuarter(Base):
    """A line taken for a quarter of an hour. The primary key is the rule: never twice (C4)."""

    __tablename__ = "line_quarter"
    __table_args__ = (Index("ix_line_quarter_meeting", "meeting_id"),)

    line_id: Mapped[int] = mapped_column(ForeignKey("conference_line.id"), primary_key=True)
    quarter: Mapped[datetime] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))


class Invitee(Base):
    """Somebody who is asked to take part, and what came of it."""

    __tablename__ = "invitee"
    __table_args__ = (
        Index("ix_invitee_meeting", "meeting_id", "id"),
        Index("ix_invitee_professional", "professional_id", "meeting_id"),
        Index("ix_invitee_agency", "agency_id", "meeting_id"),
        UniqueConstraint("invitation_id", name="uq_invitee_invitation"),
        # Once at a time: who was removed by mistake may be invited again.
        Index(
            "uq_invitee_once_a_meeting",
            "meeting_id",
            "professional_id",
            unique=True,
            **only_where("removed_at IS NULL"),
        ),
        CheckConstraint(
            "(earlier_answer IS NULL) = (earlier_answer_at IS NULL)",
            name="earlier_answer_has_its_moment",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    # From the directory, or a member of staff (the chair), or typed.
    professional_id: Mapped[int | None] = mapped_column(ForeignKey("professional.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"))
    name: Mapped[str]
    title: Mapped[str]
    role: Mapped[ProfessionalRole] = mapped_column(values_of(ProfessionalRole))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    agency_name: Mapped[str]
    agency_kind: Mapped[AgencyKind] = mapped_column(values_of(AgencyKind))
    email: Mapped[str | None] = mapped_column(EncryptedText)
    telephone: Mapped[str | None] = mapped_column(EncryptedText)
    is_team: Mapped[bool]
    # Whether it is our own staff: stays where who it was is deleted with the case (H8).
    is_staff: Mapped[bool] = mapped_column(default=_names_staff)
    decision_maker: Mapped[bool]
    rule_id: Mapped[str | None]
    why: Mapped[str] = mapped_column(EncryptedText)
    invited_at: Mapped[datetime]
    # Added while people talked: not asked to come, and given their link with the record (E1).
    joined: Mapped[bool] = mapped_column(default=False, server_default=false())
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # Stands for whoever reads an address that was not the invitee's: what came from there is no
    # report of anybody who was asked (C7, D5).
    wrong_address: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Why the typed dial-in that they know was kept when they were removed (C4).
    dial_in_kept_reason: Mapped[str | None] = mapped_column(EncryptedText)
    answer: Mapped[Answer] = mapped_column(values_of(Answer))
    answered_at: Mapped[datetime | None]
    answer_note: Mapped[str | None] = mapped_column(EncryptedText)
    # What they pressed on a letter that told another time, where it differs from their answer: no
    # answer to the time that they have not seen (D6).
    earlier_answer: Mapped[Answer | None] = mapped_column(values_of(Answer, "earlier_answer"))
    earlier_answer_at: Mapped[datetime | None]
    # The colleague who comes instead has a row of their own and points back here.
    deputy_for_id: Mapped[int | None] = mapped_column(ForeignKey("invitee.id"))
    # When their links were withdrawn; empty once somebody sends a letter again, to that address or
    # another. Until then none goes to them by itself (D3).
    links_withdrawn_at: Mapped[datetime | None]
    # The last change that concerns them: what was told by telephone before it counts no more (C7).
    news_at: Mapped[datetime | None]
    attendance: Mapped[Attendance | None] = mapped_column(values_of(Attendance))
    # Who sat behind a team's address (D3).
    attended_name: Mapped[str | None] = mapped_column(EncryptedText)
    attended_role: Mapped[str | None] = mapped_column(EncryptedText)
    version: Mapped[int] = mapped_column()
    # A colleague who works here no more: nothing is sent to them, and their link opens nothing
    # (H1). Read with the row, so that no page asks for it one by one.
    has_left: Mapped[bool] = column_property(
        select(_COLLEAGUE.id)
        .where(_COLLEAGUE.id == staff_id, _COLLEAGUE.ended_at.is_not(None))
        .correlate_except(_COLLEAGUE)
        .exists(),
        expire_on_flush=False,
    )

    meeting: Mapped[Meeting] = relationship(back_populates="invitees")

    __mapper_args__ = {"version_id_col": version}

    @property
    def gets_letters(self) -> bool:
        """Whether a letter to everybody goes to them too: else they are telephoned."""
        return self.invitation_id is not None and self.links_withdrawn_at is None

    @property
    def can_be_written(self) -> bool:
        """Whether a letter to them alone can go: they have an address, and links that open."""
        if self.has_left or self.removed_at is not None or self.links_withdrawn_at is not None:
            return False
        return self.invitation_id is not None or bool(self.email)


class LeftOut(Base):
    """A proposed invitee who was left out, and why (C2)."""

    __tablename__ = "left_out"
    __table_args__ = (Index("ix_left_out_meeting", "meeting_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    rule_id: Mapped[str]
    who: Mapped[str]
    reason: Mapped[str] = mapped_column(EncryptedText)
    at: Mapped[datetime]


class Delivery(Base):
    """Which message in the outbox went to which invitee, and why (D7)."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_invitee", "invitee_id", "id"),
        UniqueConstraint("message_id", name="uq_delivery_message"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitee_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
    kind: Mapped[MessageKind] = mapped_column(values_of(MessageKind))
    at: Mapped[datetime]


class Report(Base):
    """What an invitee sends in writing (D5). Other agencies see nothing before the meeting."""

    __tablename__ = "report"
    __table_args__ = (
        Index("ix_report_invitee", "invitee_id", "id"),
        CheckConstraint("body IS NOT NULL OR file IS NOT NULL", name="says_something"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitee_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    body: Mapped[str | None] = mapped_column(EncryptedText)
    file: Mapped[bytes | None] = mapped_column(EncryptedBytes)
    file_name: Mapped[str | None] = mapped_column(EncryptedText)
    media_type: Mapped[str | None]
    via: Mapped[ReportVia] = mapped_column(values_of(ReportVia))
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    received_at: Mapped[datetime]
    # When an earlier discussion was given the same, where its sender gave it again.
    first_given_at: Mapped[datetime | None]
