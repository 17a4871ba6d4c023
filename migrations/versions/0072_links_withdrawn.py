"""when somebody's links were withdrawn: until they are written to again no letter goes to them"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitee", sa.Column("links_withdrawn_at", UTCDateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("invitee", "links_withdrawn_at")
