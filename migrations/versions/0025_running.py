"""mail held after a restore; which workers were seen"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = UTCDateTime(timezone=True)
    op.create_table(
        "outbox_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_outbox_hold_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_hold")),
    )
    op.create_table(
        "worker_seen",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_worker_seen")),
    )


def downgrade() -> None:
    op.drop_table("worker_seen")
    op.drop_table("outbox_hold")
