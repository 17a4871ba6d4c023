"""that a referral and a signed record were filed in the case system"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = (("referral_filing", "referral"), ("record_filing", "record_version"))


def upgrade() -> None:
    for table, of in TABLES:
        column = "referral_id" if of == "referral" else "version_id"
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column(column, sa.Integer(), nullable=False),
            sa.Column("child_id", sa.Integer(), nullable=False),
            sa.Column("reference", app.core.database.EncryptedText(), nullable=False),
            sa.Column("filed_by_id", sa.Integer(), nullable=False),
            sa.Column("filed_at", app.core.database.UTCDateTime(timezone=True), nullable=False),
            sa.ForeignKeyConstraint(
                [column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}_{of}")
            ),
            sa.ForeignKeyConstraint(
                ["child_id"], ["child.id"], name=op.f(f"fk_{table}_child_id_child")
            ),
            sa.ForeignKeyConstraint(
                ["filed_by_id"], ["staff.id"], name=op.f(f"fk_{table}_filed_by_id_staff")
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint(column, "child_id", name=f"uq_{table}_child"),
        )


def downgrade() -> None:
    for table, _ in reversed(TABLES):
        op.drop_table(table)
