"""who said behind a team's address that they disagree"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

COLUMNS = ("person_name", "person_role")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("dissent", sa.Column(name, EncryptedText(), nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("dissent", name)
