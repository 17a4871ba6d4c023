"""who was added while people talked is a column, and no sentence alone"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

SAID = "Joined during the discussion"
INVITEE = sa.table(
    "invitee",
    sa.column("id", sa.Integer),
    sa.column("professional_id", sa.Integer),
    sa.column("staff_id", sa.Integer),
    sa.column("deputy_for_id", sa.Integer),
    sa.column("rule_id", sa.Text),
    sa.column("why", EncryptedText),
    sa.column("joined", sa.Boolean),
)
TYPED = ("professional_id", "staff_id", "deputy_for_id", "rule_id")


def upgrade() -> None:
    op.add_column(
        "invitee", sa.Column("joined", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # The sentence can be read with the keys of the installation alone: of those whom somebody
    # typed it is, everybody else was invited.
    typed = sa.select(INVITEE.c.id, INVITEE.c.why).where(
        *(INVITEE.c[name].is_(None) for name in TYPED)
    )
    connection = op.get_bind()
    for key, why in connection.execute(typed).all():
        if why == SAID:
            joined = sa.update(INVITEE).where(INVITEE.c.id == key).values(joined=True)
            connection.execute(joined)


def downgrade() -> None:
    op.drop_column("invitee", "joined")
