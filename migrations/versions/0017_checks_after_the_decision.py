"""requests that are wanted after a decision; a second rating without gathering says why"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = app.core.database.EncryptedText()
    op.add_column("agency_check", sa.Column("wanted_because", kind, nullable=True))
    op.add_column("referral_rating", sa.Column("early_because", kind, nullable=True))


def downgrade() -> None:
    op.drop_column("referral_rating", "early_because")
    op.drop_column("agency_check", "wanted_because")
