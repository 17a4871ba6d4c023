"""when a section 47 enquiry began that no discussion known here started"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

COLUMN = "enquiry_began_at"


def upgrade() -> None:
    op.add_column("child_after", sa.Column(COLUMN, UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("child_after", COLUMN)
