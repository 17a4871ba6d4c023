"""since when there is something new for an invitee to know"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitee", sa.Column("news_at", UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("invitee", "news_at")
