"""what was said of the record that another one stands for is found by that record, undone or not"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_child_match_other", "child_match", ["other_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_child_match_other", "child_match")
