"""the council's number, and when a conference was decided on after the discussion"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "council_settings",
        sa.Column("authority_number", sa.Text(), nullable=False, server_default=""),
    )
    op.add_column(
        "child_after",
        sa.Column("conference_decided_at", UTCDateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("child_after", "conference_decided_at")
    op.drop_column("council_settings", "authority_number")
