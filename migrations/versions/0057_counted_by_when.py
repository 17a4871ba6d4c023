"""what was closed as no referral in a period is counted without what was closed before it"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_referral_filtered", "referral"
BEFORE, OF_GROUNDS = "ix_decision_ground_filtered", "decision_ground"
FILTERED = sa.text("filtered IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        INDEX, TABLE, ["decided_at", "filtered"], sqlite_where=FILTERED, postgresql_where=FILTERED
    )
    op.drop_index(BEFORE, table_name=OF_GROUNDS)


def downgrade() -> None:
    op.create_index(
        BEFORE, OF_GROUNDS, ["filtered"], sqlite_where=FILTERED, postgresql_where=FILTERED
    )
    op.drop_index(INDEX, table_name=TABLE)
