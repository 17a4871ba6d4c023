"""a recalled record after which no corrected one follows is closed, with a reason"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TABLE = "record_recall"
KEY = f"fk_{TABLE}_closed_by_id_staff"
COLUMNS = ("closed_reason", "closed_by_id", "closed_at")


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("closed_at", UTCDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("closed_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("closed_reason", EncryptedText(), nullable=True))
        batch.create_foreign_key(op.f(KEY), "staff", ["closed_by_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f(KEY), type_="foreignkey")
        for column in COLUMNS:
            batch.drop_column(column)
