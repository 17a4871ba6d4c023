"""of which deadline people were warned: where the end of a discussion is put right, there is another"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = UTCDateTime(timezone=True)
    op.add_column("record_warning", sa.Column("due_at", moment, nullable=True))
    op.execute(
        "UPDATE record_warning SET due_at ="
        " (SELECT record_due_at FROM meeting WHERE meeting.id = record_warning.meeting_id)"
    )


def downgrade() -> None:
    op.drop_column("record_warning", "due_at")
