"""referrals that go straight to a social worker"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLE = "referral_allocation"
HOLDS = sa.text("ended_at IS NULL")
WAITS = sa.text("taken_at IS NULL AND ended_at IS NULL")


def upgrade() -> None:
    moment = UTCDateTime(timezone=True)
    people = ("social_worker_id", "allocated_by_id")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("social_worker_id", sa.Integer(), nullable=False),
        sa.Column("note", EncryptedText(), nullable=True),
        sa.Column("allocated_by_id", sa.Integer(), nullable=False),
        sa.Column("allocated_at", moment, nullable=False),
        sa.Column("taken_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f(f"fk_{TABLE}_referral_id_referral")
        ),
        *(
            sa.ForeignKeyConstraint([one], ["staff.id"], name=op.f(f"fk_{TABLE}_{one}_staff"))
            for one in people
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_referral", TABLE, ["referral_id", "id"])
    for name, columns, unique, where in (
        (f"uq_{TABLE}_holds", ["referral_id"], True, HOLDS),
        (f"ix_{TABLE}_waits", ["social_worker_id", "id"], False, WAITS),
    ):
        op.create_index(
            name, TABLE, columns, unique=unique, sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    op.drop_table(TABLE)
