"""disagreements that were recorded by mistake are struck"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLE = "dissent"
POINTS = f"fk_{TABLE}_struck_by_id_staff"
CHECK = f"ck_{TABLE}_struck_with_a_reason"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("struck_at", UTCDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("struck_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("struck_reason", EncryptedText(), nullable=True))
        batch.create_foreign_key(op.f(POINTS), "staff", ["struck_by_id"], ["id"])
        batch.create_check_constraint(
            op.f(CHECK), "(struck_at IS NULL) = (struck_reason IS NULL)"
        )


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.drop_constraint(op.f(POINTS), type_="foreignkey")
        for name in ("struck_reason", "struck_by_id", "struck_at"):
            batch.drop_column(name)
