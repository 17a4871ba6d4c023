"""what an action says may be withheld from some readers of the record"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("action", sa.Column("protects", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("action", "protects")
