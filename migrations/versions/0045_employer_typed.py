"""where an adult works, also where that is no agency of the directory"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLES = ("referral_adult", "open_case_adult")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("employer_typed", EncryptedText(), nullable=True))


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_column(name, "employer_typed")
