"""cases of a sample that wait to be reviewed are found however old the sample is"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_audited_case_open", "audited_case"
OPEN = sa.text("reviewed_at IS NULL")


def upgrade() -> None:
    op.create_index(INDEX, TABLE, ["sample_id"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
