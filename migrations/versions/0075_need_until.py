"""until when the need of a cancelled discussion stood, where the one in its place has a clock of its
own"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

# A clock that ran on has the moment of its decision from the first of them.
REPLACED = "state = 'cancelled' AND replaced_at IS NOT NULL"
OF_REFERRAL = (
    "FROM meeting later WHERE later.referral_id = meeting.referral_id AND later.id > meeting.id "
    "AND later.created_at >= meeting.cancelled_at"
)
OF_CHILD = (
    "FROM meeting later JOIN meeting_child theirs ON theirs.meeting_id = later.id "
    "WHERE theirs.child_id = mine.child_id AND later.id > meeting.id"
)
CHILDREN = "FROM meeting_child mine WHERE mine.meeting_id = meeting.id"
SAME = "AND later.need_decided_at = meeting.need_decided_at"
# What settled it before that, as far as it is known without looking how long it stood: rather a
# need that is not counted than one that is counted wrongly.
SOONER = (
    "SELECT min(one.decided_at) FROM referral_decision one "
    "WHERE one.referral_id = meeting.referral_id AND one.outcome <> 'strategy_discussion' "
    "AND one.decided_at >= meeting.created_at",
    "SELECT min(one.reopened_at) FROM referral_reopening one "
    "WHERE one.referral_id = meeting.referral_id AND one.reopened_at >= meeting.created_at",
    "SELECT meeting.not_needed_at",
)


def upgrade() -> None:
    op.add_column("meeting", sa.Column("need_until", UTCDateTime(timezone=True), nullable=True))
    op.execute(
        f"UPDATE meeting SET need_until = (SELECT later.need_decided_at {OF_REFERRAL} "
        f"ORDER BY later.id LIMIT 1) WHERE {REPLACED} AND referral_id IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 {OF_REFERRAL} {SAME})"
    )
    op.execute(
        f"UPDATE meeting SET need_until = (SELECT max((SELECT min(later.need_decided_at) {OF_CHILD})"
        f") {CHILDREN}) WHERE {REPLACED} AND referral_id IS NULL "
        f"AND NOT EXISTS (SELECT 1 {CHILDREN} AND EXISTS (SELECT 1 {OF_CHILD} {SAME}))"
    )
    for sooner in SOONER:
        op.execute(f"UPDATE meeting SET need_until = ({sooner}) WHERE need_until > ({sooner})")


def downgrade() -> None:
    op.drop_column("meeting", "need_until")
