"""mail that was overtaken while it was being sent or is too late; links know which time they told"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns alone: a table that is made anew would lose its triggers.
    moment = app.core.database.UTCDateTime(timezone=True)
    never = sa.Column("overtaken", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("outbox_message", never)
    op.add_column("outbox_message", sa.Column("useless_from", moment, nullable=True))
    for table, name in (("invitation_link", "sequence"), ("invitation", "moved_sequence")):
        first = sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
        op.add_column(table, first)


def downgrade() -> None:
    op.drop_column("invitation", "moved_sequence")
    op.drop_column("invitation_link", "sequence")
    op.drop_column("outbox_message", "useless_from")
    op.drop_column("outbox_message", "overtaken")
