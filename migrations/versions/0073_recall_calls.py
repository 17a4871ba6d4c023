"""whom no letter tells that a record was taken back, until somebody telephoned them"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime, only_where

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recall_call",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("invitee_id", sa.Integer(), nullable=False),
        sa.Column("why", EncryptedText(), nullable=False),
        sa.Column("told_at", UTCDateTime(timezone=True)),
        sa.Column("by_id", sa.Integer()),
        sa.Column("said", EncryptedText()),
        sa.CheckConstraint(
            "(told_at IS NULL) = (by_id IS NULL)", name=op.f("ck_recall_call_told_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["record_version.id"],
            name=op.f("fk_recall_call_version_id_record_version"),
        ),
        sa.ForeignKeyConstraint(
            ["invitee_id"], ["invitee.id"], name=op.f("fk_recall_call_invitee_id_invitee")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["staff.id"], name=op.f("fk_recall_call_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("version_id", "invitee_id", name=op.f("pk_recall_call")),
    )  # fmt: skip
    op.create_index(
        "ix_recall_call_untold", "recall_call", ["version_id"], **only_where("told_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("recall_call")
