"""quality: feedback, near misses, samples for case audit"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_sample",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("drawn_by_id", sa.Integer(), nullable=False),
        sa.Column("drawn_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["drawn_by_id"], ["staff.id"], name=op.f("fk_audit_sample_drawn_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_sample")),
        sa.UniqueConstraint("month", name="uq_audit_sample_month"),
    )
    op.create_table(
        "feedback_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column(
            "prepared",
            sa.Enum(
                "yes",
                "partly",
                "no",
                name="prepared_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "heard",
            sa.Enum(
                "yes",
                "partly",
                "no",
                name="heard_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", EncryptedText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chair_id"], ["staff.id"], name=op.f("fk_feedback_answer_chair_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_answer")),
    )
    op.create_index("ix_feedback_answer_quarter", "feedback_answer", ["quarter", "id"])

    op.create_table(
        "near_miss",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "wrong_child",
                "wrong_recipient",
                "deadline",
                "not_shared",
                "not_asked",
                "system",
                "other",
                name="nearmisskind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("what", EncryptedText(), nullable=False),
        sa.Column("stopped", EncryptedText(), nullable=False),
        sa.Column("changed", EncryptedText(), nullable=True),
        sa.Column("case_ref", sa.Text(), nullable=True),
        sa.Column("reported_by_id", sa.Integer(), nullable=False),
        sa.Column("reported_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("review", EncryptedText(), nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (review IS NULL) AND (reviewed_at IS NULL) = (reviewed_by_id IS NULL)",
            name=op.f("ck_near_miss_reviewed_with_words"),
        ),
        sa.ForeignKeyConstraint(
            ["reported_by_id"], ["staff.id"], name=op.f("fk_near_miss_reported_by_id_staff")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["staff.id"], name=op.f("fk_near_miss_reviewed_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_near_miss")),
        sa.UniqueConstraint("ref", name="uq_near_miss_ref"),
    )
    op.create_index(
        "ix_near_miss_open",
        "near_miss",
        ["reported_at", "id"],
        sqlite_where=sa.text("reviewed_at IS NULL"),
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    op.create_index("ix_near_miss_reported", "near_miss", ["reported_at", "id"])

    op.create_table(
        "audited_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "strategy_discussion",
                "section_17",
                "early_help",
                "targeted_support",
                "universal_offer",
                "share_information",
                "signpost",
                "advice",
                "no_further_action",
                name="outcome_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column(
            "grade",
            sa.Enum(
                "good",
                "improve",
                "concern",
                name="grade_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("findings", EncryptedText(), nullable=True),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (findings IS NULL) AND (reviewed_at IS NULL) = (grade IS NULL) AND (reviewed_at IS NULL) = (reviewer_id IS NULL)",
            name=op.f("ck_audited_case_reviewed_as_a_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_audited_case_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["staff.id"], name=op.f("fk_audited_case_reviewer_id_staff")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["audit_sample.id"], name=op.f("fk_audited_case_sample_id_audit_sample")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audited_case")),
        sa.UniqueConstraint("sample_id", "position", name="uq_audited_case_position"),
    )
    op.create_index("ix_audited_case_referral", "audited_case", ["referral_id"])

    op.create_table(
        "feedback_link",
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("closes_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_feedback_link_meeting_id_meeting")
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_feedback_link")),
    )
    op.create_index("ix_feedback_link_closes", "feedback_link", ["closes_at"])

    op.create_table(
        "feedback_round",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_feedback_round_meeting_id_meeting")
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_feedback_round")),
    )
    op.create_index(
        "ix_meeting_ended",
        "meeting",
        ["ended_at", "id"],
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_meeting_ended", "meeting")

    op.drop_table("feedback_round")
    op.drop_index("ix_feedback_link_closes", "feedback_link")

    op.drop_table("feedback_link")
    op.drop_index("ix_audited_case_referral", "audited_case")

    op.drop_table("audited_case")
    op.drop_index("ix_near_miss_reported", "near_miss")
    op.drop_index("ix_near_miss_open", "near_miss")

    op.drop_table("near_miss")
    op.drop_index("ix_feedback_answer_quarter", "feedback_answer")

    op.drop_table("feedback_answer")
    op.drop_table("audit_sample")
