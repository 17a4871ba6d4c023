"""who sees no case can open one with a reason, restricted or not"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TABLE = "broken_glass"
ONE = (
    "CASE WHEN restriction_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN referral_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN meeting_id IS NULL THEN 0 ELSE 1 END = 1"
)
NAME = f"ck_{TABLE}_a_restriction_or_a_case"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("restriction_id", existing_type=sa.Integer(), nullable=True)
        for of in ("referral", "meeting"):
            batch.add_column(sa.Column(f"{of}_id", sa.Integer(), nullable=True))
            batch.create_foreign_key(op.f(f"fk_{TABLE}_{of}_id_{of}"), of, [f"{of}_id"], ["id"])
        batch.create_check_constraint(op.f(NAME), ONE)


def downgrade() -> None:
    # What was opened without a restriction has no place in the former table; the audit keeps it.
    op.execute(sa.text(f"DELETE FROM {TABLE} WHERE restriction_id IS NULL"))
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f(NAME), type_="check")
        for of in ("referral", "meeting"):
            batch.drop_constraint(op.f(f"fk_{TABLE}_{of}_id_{of}"), type_="foreignkey")
            batch.drop_column(f"{of}_id")
        batch.alter_column("restriction_id", existing_type=sa.Integer(), nullable=False)
