"""that an assessment under section 17 is complete, when, and who noted it"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_assessment_completed_referral", "assessment_completed"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("completed_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["staff.id"],
            name=op.f("fk_assessment_completed_recorded_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referral.id"],
            name=op.f("fk_assessment_completed_referral_id_referral"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_completed")),
    )
    op.create_index(INDEX, TABLE, ["referral_id", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
    op.drop_table(TABLE)
