"""why a typed dial-in stays although somebody who knows it was removed"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = app.core.database.EncryptedText()
    op.add_column("invitee", sa.Column("dial_in_kept_reason", kind, nullable=True))


def downgrade() -> None:
    op.drop_column("invitee", "dial_in_kept_reason")
