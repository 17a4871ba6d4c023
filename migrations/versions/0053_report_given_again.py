"""a report that its sender gave to an earlier discussion before says when"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("first_given_at", UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("report", "first_given_at")
