"""a discussion that is due sooner by what was noted since it was decided is found at once"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_meeting_sooner", "meeting"
AHEAD = sa.text("sooner_due_at IS NOT NULL AND state IN ('needed', 'booked')")


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("sooner_due_at", UTCDateTime(timezone=True), nullable=True))
    op.create_index(
        INDEX, TABLE, ["sooner_due_at", "id"], sqlite_where=AHEAD, postgresql_where=AHEAD
    )


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
    op.drop_column(TABLE, "sooner_due_at")
