"""what a chair holds now is found without what they ever held"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_meeting_chair_under_way", "meeting"
UNDER_WAY = sa.text("state = 'under_way'")


def upgrade() -> None:
    op.create_index(
        INDEX, TABLE, ["chair_id", "started_at"],
        sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY,
    )


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
