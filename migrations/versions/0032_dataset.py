"""wards, and the figures of the dataset by month"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ward",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ward")),
        sa.UniqueConstraint("name", name="uq_ward_name"),
    )
    # Plain SQL: a table that is rebuilt loses its other constraints on SQLite.
    op.execute(
        "ALTER TABLE referral ADD COLUMN ward_id INTEGER "
        "CONSTRAINT fk_referral_ward_id_ward REFERENCES ward (id)"
    )
    op.create_table(
        "dataset_month",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=True),
        sa.Column("worked_at", MOMENT, nullable=True),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_dataset_month")),
    )
    op.create_table(
        "dataset_figure",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("ward_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "month", "measure", "ward_id", "key", name=op.f("pk_dataset_figure")
        ),
        sa.CheckConstraint("count > 0", name=op.f("ck_dataset_figure_something")),
    )
    op.create_table(
        "dataset_seen",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_seen")),
        sa.CheckConstraint("id = 1", name=op.f("ck_dataset_seen_only_one")),
    )
    op.create_index("ix_meeting_created", "meeting", ["created_at", "id"])
    op.create_index("ix_child_after_section47", "child_after", ["section47_started_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_child_after_section47", table_name="child_after")
    op.drop_index("ix_meeting_created", table_name="meeting")
    for name in ("dataset_seen", "dataset_figure", "dataset_month"):
        op.drop_table(name)
    op.execute("ALTER TABLE referral DROP COLUMN ward_id")
    op.drop_table("ward")
