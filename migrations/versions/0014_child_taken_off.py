"""children who were entered on a referral by mistake"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "child_taken_off"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("reason", app.core.database.EncryptedText(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", app.core.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f(f"fk_{table}_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f(f"fk_{table}_child_id_child")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f(f"fk_{table}_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_referral", table, ["referral_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_child_taken_off_referral", table_name="child_taken_off")
    op.drop_table("child_taken_off")
