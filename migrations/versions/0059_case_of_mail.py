"""mail that came in belongs to a case, whoever sent it"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

TO = (("meeting_id", "meeting"), ("referral_id", "referral"))


def upgrade() -> None:
    for column, table in TO:
        # Written out: a table that others point to is never built anew.
        op.execute(
            f"ALTER TABLE received_mail ADD COLUMN {column} INTEGER "
            f"CONSTRAINT fk_received_mail_{column}_{table} REFERENCES {table} (id)"
        )
        op.create_index(f"ix_received_mail_{table}", "received_mail", [column, "id"])
    # Of whom it is not known whose it is, nothing in the clear says the case.
    op.execute(
        "UPDATE received_mail SET meeting_id = (SELECT invitee.meeting_id FROM invitee "
        "WHERE invitee.id = received_mail.invitee_id) WHERE invitee_id IS NOT NULL"
    )


def downgrade() -> None:
    for column, table in TO:
        op.drop_index(f"ix_received_mail_{table}", "received_mail")
        op.execute(f"ALTER TABLE received_mail DROP COLUMN {column}")
