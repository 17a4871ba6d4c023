"""a form is found by the referral that it became: what is held of it does not go through all forms"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_arrival_referral", "arrival", ["referral_id"])


def downgrade() -> None:
    op.drop_index("ix_arrival_referral", "arrival")
