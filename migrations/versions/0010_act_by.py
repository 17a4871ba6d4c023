"""a referral is worked on by the first of its clocks"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = sa.text("decided_at IS NULL")


def _index(column: str) -> None:
    op.drop_index("ix_referral_open", table_name="referral")
    op.create_index(
        "ix_referral_open",
        "referral",
        [column, "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def upgrade() -> None:
    kind = app.core.database.UTCDateTime(timezone=True)
    # A constant default, because SQLite adds no other column that must be filled; never used.
    unused = sa.text("'2000-01-01 00:00:00.000000'")
    op.add_column("referral", sa.Column("act_by_at", kind, nullable=False, server_default=unused))
    op.execute("UPDATE referral SET act_by_at = decision_due_at")
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("referral", "act_by_at", server_default=None)
    _index("act_by_at")


def downgrade() -> None:
    _index("decision_due_at")
    op.drop_column("referral", "act_by_at")
