"""until when a section 17 assessment is due that is not complete: work on the first page"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

INDEX, TABLE, COLUMN = "ix_referral_assessment", "referral", "assessment_due_at"
UNDER_WAY = sa.text("assessment_due_at IS NOT NULL")
# 45 working days without a bank holiday: `flask install` counts each by its protocol (0071).
NINE_WEEKS = timedelta(weeks=9)
SINCE = sa.text(
    "SELECT id, COALESCE((SELECT max(reopened_at) FROM referral_reopening "
    "WHERE referral_id = referral.id), received_at) AS since FROM referral "
    "WHERE outcome = 'section_17' AND erased_at IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM assessment_completed AS done WHERE done.referral_id = referral.id "
    "AND NOT EXISTS (SELECT 1 FROM referral_reopening AS later "
    "WHERE later.referral_id = referral.id AND later.reopened_at > done.recorded_at))"
).columns(id=sa.Integer(), since=UTCDateTime())


def upgrade() -> None:
    op.add_column(TABLE, sa.Column(COLUMN, UTCDateTime(timezone=True), nullable=True))
    referral = sa.table(TABLE, sa.column("id"), sa.column(COLUMN, UTCDateTime(timezone=True)))
    for row in op.get_bind().execute(SINCE).all():
        op.get_bind().execute(
            sa.update(referral)
            .where(referral.c.id == row.id)
            .values({COLUMN: row.since + NINE_WEEKS})
        )
    op.create_index(INDEX, TABLE, [COLUMN, "id"], sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
    op.drop_column(TABLE, COLUMN)
