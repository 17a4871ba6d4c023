"""who was invited to a discussion that was called off already is told so by telephone"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # As a cancellation itself writes it since 0031: everybody who was still expected then.
    op.execute(
        "UPDATE invitee SET news_at = ("
        "SELECT meeting.cancelled_at FROM meeting WHERE meeting.id = invitee.meeting_id) "
        "WHERE news_at IS NULL AND removed_at IS NULL AND answer <> 'deputy' "
        "AND meeting_id IN (SELECT id FROM meeting WHERE state = 'cancelled' "
        "AND cancelled_at IS NOT NULL AND erased_at IS NULL)"
    )


def downgrade() -> None:
    """Which of them were written here cannot be told, and none says more than happened."""
