"""until when a discussion has to speak of a child who joined a referral, or that none is needed"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime, only_where

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

COLUMNS = ("speak_by_at", "settled_at")
INDEX = "ix_referral_child_joined"


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("referral_child", sa.Column(name, UTCDateTime(timezone=True)))
    op.add_column("referral_child", sa.Column("settled_reason", EncryptedText()))
    # Nobody kept when: who is in no discussion of a referral that has one not yet signed.
    op.execute(
        "UPDATE referral_child SET speak_by_at ="
        " (SELECT max(due_at) FROM meeting WHERE meeting.referral_id = referral_child.referral_id"
        " AND state IN ('booked', 'under_way', 'ended'))"
        " WHERE NOT EXISTS (SELECT 1 FROM meeting_child JOIN meeting"
        " ON meeting.id = meeting_child.meeting_id"
        " WHERE meeting_child.child_id = referral_child.child_id"
        " AND meeting.referral_id = referral_child.referral_id AND meeting.state <> 'cancelled')"
    )
    op.create_index(
        INDEX,
        "referral_child",
        ["referral_id"],
        **only_where("speak_by_at IS NOT NULL AND settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(INDEX, "referral_child")
    op.drop_column("referral_child", "settled_reason")
    for name in reversed(COLUMNS):
        op.drop_column("referral_child", name)
