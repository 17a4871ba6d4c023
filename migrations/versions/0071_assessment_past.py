"""assessments whose limit was filled by an upgrade: archived cases have none, and what was over
before anybody counted is said once for all of it"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

NINE_WEEKS = timedelta(weeks=9)  # as 0064 filled it; a protocol's limit is the end of a day
FILLED = sa.text(
    "SELECT id, assessment_due_at AS due, COALESCE((SELECT max(reopened_at) FROM "
    "referral_reopening WHERE referral_id = referral.id), received_at) AS since, "
    "(SELECT count(*) FROM closed_case WHERE closed_case.referral_id = referral.id) AS archived "
    "FROM referral WHERE assessment_due_at IS NOT NULL"
).columns(id=sa.Integer(), due=UTCDateTime(), since=UTCDateTime(), archived=sa.Integer())
REFERRAL = sa.table(
    "referral",
    sa.column("id", sa.Integer),
    sa.column("assessment_due_at", UTCDateTime(timezone=True)),
    sa.column("assessment_past", sa.Boolean),
)


def upgrade() -> None:
    op.add_column(
        "referral",
        sa.Column("assessment_past", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("assessment_completed", sa.Column("reason", EncryptedText(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(FILLED).all():
        if row.due != row.since + NINE_WEEKS:
            continue
        # `flask install` counts the others by their protocol, and keeps the mark on what is over.
        said = {"assessment_due_at": None} if row.archived else {"assessment_past": True}
        connection.execute(sa.update(REFERRAL).where(REFERRAL.c.id == row.id).values(said))


def downgrade() -> None:
    op.drop_column("assessment_completed", "reason")
    op.drop_column("referral", "assessment_past")
