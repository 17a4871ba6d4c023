"""an action that went to somebody else after the record was signed"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

TABLE = "action_handover"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("reason", EncryptedText(), nullable=False),
        sa.Column("progress", EncryptedText(), nullable=True),
        sa.Column("handed_by_id", sa.Integer(), nullable=False),
        sa.Column("handed_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_handover_action_id_action")
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["invitee.id"], name=op.f("fk_action_handover_from_id_invitee")
        ),
        sa.ForeignKeyConstraint(
            ["to_id"], ["invitee.id"], name=op.f("fk_action_handover_to_id_invitee")
        ),
        sa.ForeignKeyConstraint(
            ["handed_by_id"], ["staff.id"], name=op.f("fk_action_handover_handed_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_handover")),
    )
    op.create_index("ix_action_handover_action", TABLE, ["action_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_action_handover_action", table_name=TABLE)
    op.drop_table(TABLE)
