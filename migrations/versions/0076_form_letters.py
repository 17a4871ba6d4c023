"""letters of the public form, counted by address, whatever became of the form"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_digest", sa.Text(), nullable=False),
        sa.Column("queued_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_letter")),
    )
    op.create_index("ix_form_letter_address", "form_letter", ["address_digest", "queued_at"])
    op.create_index("ix_form_letter_queued", "form_letter", ["queued_at"])


def downgrade() -> None:
    op.drop_table("form_letter")
