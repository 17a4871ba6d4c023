"""since when a mailbox cannot be read"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = UTCDateTime(timezone=True)
    op.create_table(
        "mailbox_reading",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("tried_at", moment, nullable=False),
        sa.Column("read_at", moment, nullable=True),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(failing_since IS NULL) = (problem IS NULL)",
            name=op.f("ck_mailbox_reading_a_failure_says_why"),
        ),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_mailbox_reading")),
    )


def downgrade() -> None:
    op.drop_table("mailbox_reading")
