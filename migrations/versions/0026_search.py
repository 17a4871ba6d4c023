"""searches: what was asked, and the indexes that keep them quick"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

REFERRER = sa.text("referrer_professional_id IS NOT NULL")
AT_ONCE = sa.text("starts_at IS NULL AND started_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "search_asked",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("text", EncryptedText(), nullable=False),
        sa.Column("asked_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_search_asked_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_asked")),
    )
    op.create_index("ix_search_asked_staff", "search_asked", ["staff_id", "id"])
    op.create_index("ix_search_asked_asked_at", "search_asked", ["asked_at"])
    op.create_index(
        "ix_referral_source", "referral", ["source_agency_id", "received_at", "id"]
    )
    op.create_index(
        "ix_referral_referrer",
        "referral",
        ["referrer_professional_id", "received_at", "id"],
        sqlite_where=REFERRER,
        postgresql_where=REFERRER,
    )
    op.create_index("ix_meeting_starts", "meeting", ["starts_at", "id"])
    op.create_index(
        "ix_meeting_at_once",
        "meeting",
        ["started_at", "id"],
        sqlite_where=AT_ONCE,
        postgresql_where=AT_ONCE,
    )
    op.create_index("ix_invitee_agency", "invitee", ["agency_id", "meeting_id"])


def downgrade() -> None:
    op.drop_index("ix_invitee_agency", "invitee")
    op.drop_index("ix_meeting_at_once", "meeting")
    op.drop_index("ix_meeting_starts", "meeting")
    op.drop_index("ix_referral_referrer", "referral")
    op.drop_index("ix_referral_source", "referral")
    op.drop_table("search_asked")
