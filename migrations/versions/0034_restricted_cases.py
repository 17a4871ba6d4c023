"""cases that only named people may see, and who opened one all the same"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime(timezone=True)
STANDS = sa.text("lifted_at IS NULL")
WAITS = sa.text("reviewed_at IS NULL")


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def upgrade() -> None:
    table = "case_restriction"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("reason", EncryptedText(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lift_reason", EncryptedText(), nullable=True),
        sa.CheckConstraint(
            "(referral_id IS NULL) <> (meeting_id IS NULL)",
            name=op.f(f"ck_{table}_a_referral_or_a_meeting"),
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)",
            name=op.f(f"ck_{table}_lifted_with_a_reason"),
        ),
        _points(table, "referral_id", "referral"),
        _points(table, "meeting_id", "meeting"),
        _points(table, "set_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for of in ("referral", "meeting"):
        op.create_index(
            f"uq_{table}_{of}", table, [f"{of}_id"], unique=True,
            sqlite_where=STANDS, postgresql_where=STANDS,
        )
    table = "restriction_reader"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("restriction_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        _points(table, "restriction_id", "case_restriction"),
        _points(table, "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("restriction_id", "staff_id", name=f"uq_{table}_once"),
    )
    table = "broken_glass"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("restriction_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reason", EncryptedText(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reviewed_at", MOMENT, nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("review", EncryptedText(), nullable=True),
        sa.CheckConstraint(
            "reviewed_by_id <> staff_id", name=op.f(f"ck_{table}_reviewed_by_another")
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (review IS NULL)",
            name=op.f(f"ck_{table}_reviewed_with_words"),
        ),
        _points(table, "restriction_id", "case_restriction"),
        _points(table, "staff_id", "staff"),
        _points(table, "reviewed_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_restriction", table, ["restriction_id", "staff_id", "ends_at"])
    op.create_index(
        f"ix_{table}_waits", table, ["id"], sqlite_where=WAITS, postgresql_where=WAITS
    )


def downgrade() -> None:
    for table in ("broken_glass", "restriction_reader", "case_restriction"):
        op.drop_table(table)
