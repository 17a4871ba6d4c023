"""figures of deleted cases are kept, words of near misses go; the audit by kind and day"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OF_A_CASE = sa.text("case_ref IS NOT NULL")


def upgrade() -> None:
    # Indexes alone: the audit's tables are never made anew, or their triggers would be lost.
    for table in ("audit_entry", "audit_view"):
        op.create_index(f"ix_{table}_kind", table, ["subject_kind", "id"])
        op.drop_index(f"ix_{table}_at", table_name=table)
        op.create_index(f"ix_{table}_at", table, ["at", "id"])
    op.create_table(
        "dataset_kept",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("ward_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_dataset_kept_something")),
        sa.PrimaryKeyConstraint(
            "month", "measure", "ward_id", "key", name=op.f("pk_dataset_kept")
        ),
    )
    op.add_column("near_miss", sa.Column("erased_at", UTCDateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_near_miss_case",
        "near_miss",
        ["case_ref"],
        sqlite_where=OF_A_CASE,
        postgresql_where=OF_A_CASE,
    )


def downgrade() -> None:
    op.drop_index("ix_near_miss_case", "near_miss")
    op.drop_column("near_miss", "erased_at")
    op.drop_table("dataset_kept")
    for table in ("audit_entry", "audit_view"):
        op.drop_index(f"ix_{table}_at", table_name=table)
        op.create_index(f"ix_{table}_at", table, ["at"])
        op.drop_index(f"ix_{table}_kind", table_name=table)
