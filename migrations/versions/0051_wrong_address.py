"""that an address was not the invitee's is a column, and no sentence alone"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

SAID = "Whatever came from there is not theirs."
INVITEE = sa.table(
    "invitee",
    sa.column("id", sa.Integer),
    sa.column("removed_at", sa.DateTime),
    sa.column("removed_reason", EncryptedText),
    sa.column("wrong_address", sa.Boolean),
)


def upgrade() -> None:
    op.add_column(
        "invitee",
        sa.Column("wrong_address", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    removed = sa.select(INVITEE.c.id, INVITEE.c.removed_reason).where(
        INVITEE.c.removed_at.is_not(None), INVITEE.c.removed_reason.is_not(None)
    )
    connection = op.get_bind()
    for key, reason in connection.execute(removed).all():
        if reason.endswith(SAID):
            wrong = sa.update(INVITEE).where(INVITEE.c.id == key).values(wrong_address=True)
            connection.execute(wrong)


def downgrade() -> None:
    op.drop_column("invitee", "wrong_address")
