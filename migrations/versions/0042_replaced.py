"""lists that cost the same at any number of cases: cancelled discussions that nothing has settled,
and the children of a professional"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

INDEX = "ix_meeting_cancelled"
CANCELLED = "state = 'cancelled'"
OPEN = f"{CANCELLED} AND replaced_at IS NULL AND not_needed_at IS NULL"


def _index(where: str) -> None:
    op.create_index(
        INDEX, "meeting", ["due_at", "id"],
        sqlite_where=sa.text(where), postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    op.drop_index(INDEX, "meeting")
    op.add_column("meeting", sa.Column("replaced_at", UTCDateTime(timezone=True), nullable=True))
    op.execute(
        f"UPDATE meeting SET replaced_at = cancelled_at WHERE {CANCELLED} "
        "AND referral_id IS NOT NULL AND EXISTS (SELECT 1 FROM meeting later "
        "WHERE later.referral_id = meeting.referral_id AND later.id > meeting.id)"
    )
    op.execute(
        f"UPDATE meeting SET replaced_at = cancelled_at WHERE {CANCELLED} "
        "AND referral_id IS NULL AND NOT EXISTS (SELECT 1 FROM meeting_child mine "
        "WHERE mine.meeting_id = meeting.id AND NOT EXISTS (SELECT 1 FROM meeting_child theirs "
        "WHERE theirs.child_id = mine.child_id AND theirs.meeting_id > mine.meeting_id))"
    )
    _index(OPEN)
    op.create_index(
        "ix_child_professional_professional", "child_professional",
        ["professional_id", "actively_involved", "child_id"],
    )


def downgrade() -> None:
    op.drop_index("ix_child_professional_professional", "child_professional")
    op.drop_index(INDEX, "meeting")
    op.drop_column("meeting", "replaced_at")
    _index(CANCELLED)
