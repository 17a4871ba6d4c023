"""a booked discussion is kept, with a reason, beside one that took place at once"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meeting", sa.Column("kept_at", UTCDateTime(timezone=True), nullable=True))
    op.add_column("meeting", sa.Column("kept_reason", EncryptedText(), nullable=True))


def downgrade() -> None:
    op.drop_column("meeting", "kept_reason")
    op.drop_column("meeting", "kept_at")
