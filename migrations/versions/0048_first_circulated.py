"""when a record first reached everyone stays known when it is corrected or recalled"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_NOTED = sa.text(
    "SELECT subject_ref, details FROM audit_entry WHERE subject_kind = 'meeting' "
    "AND action = 'record circulated to everyone' ORDER BY id"
).columns(details=sa.JSON())


def upgrade() -> None:
    op.add_column(
        "meeting", sa.Column("first_circulated_at", UTCDateTime(timezone=True), nullable=True)
    )
    first: dict[str, str] = {}
    for ref, details in op.get_bind().execute(_NOTED):
        first.setdefault(ref, details["at"])
    meeting = sa.table(
        "meeting",
        sa.column("ref", sa.String()),
        sa.column("circulated_at", UTCDateTime(timezone=True)),
        sa.column("first_circulated_at", UTCDateTime(timezone=True)),
    )
    for ref, at in first.items():
        op.execute(
            sa.update(meeting)
            .where(meeting.c.ref == ref)
            .values(first_circulated_at=datetime.fromisoformat(at))
        )
    op.execute(
        sa.update(meeting)
        .where(meeting.c.first_circulated_at.is_(None))
        .values(first_circulated_at=meeting.c.circulated_at)
    )


def downgrade() -> None:
    op.drop_column("meeting", "first_circulated_at")
