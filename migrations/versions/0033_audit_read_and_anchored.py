"""the audit by person and day, and which head of it was sent out when"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INDEXES = (
    ("audit_entry", "at", ["at"]),
    ("audit_entry", "actor", ["actor_id", "id"]),
    ("audit_entry", "ref", ["subject_ref", "id"]),
    ("audit_view", "at", ["at"]),
    ("audit_view", "actor", ["actor_id", "id"]),
    ("audit_view", "ref", ["subject_ref", "id"]),
)


def upgrade() -> None:
    for table, name, columns in INDEXES:
        op.create_index(f"ix_{table}_{name}", table, columns)
    table = "audit_anchor"
    op.create_table(
        table,
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"],
            name=op.f(f"fk_{table}_message_id_outbox_message"),
        ),
        sa.PrimaryKeyConstraint("day", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    op.drop_table("audit_anchor")
    for table, name, _columns in reversed(INDEXES):
        op.drop_index(f"ix_{table}_{name}", table_name=table)
