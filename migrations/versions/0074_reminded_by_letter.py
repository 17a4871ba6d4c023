"""whether a reminder of an action went by a letter, or was passed over"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "action_reminder",
        sa.Column("by_letter", sa.Boolean(), server_default=sa.true(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("action_reminder", "by_letter")
