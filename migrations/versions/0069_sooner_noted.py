"""when an earlier deadline was noted: what begins after that is measured by it"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meeting", sa.Column("sooner_noted_at", UTCDateTime(timezone=True)))
    # Nobody kept when: at the earliest when the discussion was decided.
    op.execute("UPDATE meeting SET sooner_noted_at = created_at WHERE sooner_due_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("meeting", "sooner_noted_at")
