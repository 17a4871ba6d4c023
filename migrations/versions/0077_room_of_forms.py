"""what the files of unfinished forms take is summed without reading a file"""

from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_arrival_file_arrival", "arrival_file")
    op.create_index("ix_arrival_file_arrival", "arrival_file", ["arrival_id", "size"])


def downgrade() -> None:
    op.drop_index("ix_arrival_file_arrival", "arrival_file")
    op.create_index("ix_arrival_file_arrival", "arrival_file", ["arrival_id"])
