"""the quality service is told early, by mail"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TABLE = "early_notice"
MOMENT = UTCDateTime(timezone=True)
WAITS = sa.text("notice_due_at IS NOT NULL")
SAID = ("not_likely", "likely", "required", "not_needed")


def upgrade() -> None:
    op.add_column(
        "council_settings",
        sa.Column("quality_email", sa.Text(), nullable=False, server_default=""),
    )
    op.add_column("child_after", sa.Column("notice_due_at", MOMENT, nullable=True))
    op.create_index(
        "ix_child_after_notice", "child_after", ["notice_due_at", "id"],
        sqlite_where=WAITS, postgresql_where=WAITS,
    )
    said = sa.Enum(
        *SAID, name="conference_known", native_enum=False, create_constraint=True, length=40
    )
    points = (("meeting_id", "meeting"), ("child_id", "child"), ("message_id", "outbox_message"))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name, _ in points),
        sa.Column("said", said, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("email", EncryptedText(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{TABLE}_{name}_{to}"))
            for name, to in points
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_meeting", TABLE, ["meeting_id", "id"])
    op.create_index(f"ix_{TABLE}_child", TABLE, ["child_id", "id"])
    op.create_index(f"ix_{TABLE}_message", TABLE, ["message_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_index("ix_child_after_notice", table_name="child_after")
    op.drop_column("child_after", "notice_due_at")
    op.drop_column("council_settings", "quality_email")
