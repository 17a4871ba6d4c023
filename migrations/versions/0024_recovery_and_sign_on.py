"""recovery codes, where a session is, who somebody is to the council's single sign-on"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table, moment = "recovery_code", UTCDateTime(timezone=True)
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f(f"fk_{table}_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("staff_id", "digest", name=f"uq_{table}_digest"),
    )
    # Plain columns: a table that is rebuilt loses its other constraints on SQLite.
    op.add_column("staff", sa.Column("sign_on_subject", sa.Text(), nullable=True))
    op.create_index("uq_staff_sign_on_subject", "staff", ["sign_on_subject"], unique=True)
    op.add_column("staff_session", sa.Column("place", EncryptedText(), nullable=True))
    op.add_column(
        "staff_session",
        sa.Column("by_sign_on", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.execute("ALTER TABLE staff_session DROP COLUMN by_sign_on")
    op.execute("ALTER TABLE staff_session DROP COLUMN place")
    op.drop_index("uq_staff_sign_on_subject", table_name="staff")
    op.execute("ALTER TABLE staff DROP COLUMN sign_on_subject")
    op.drop_table("recovery_code")
