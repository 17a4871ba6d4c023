"""which mail carried a request, a letter, the link to a form; of whom an agency was told"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SHARED = ("shared_adults", "shared_address")
TABLES = ("agency_check", "referral_letter", "arrival")
OPEN = "answered_at IS NULL AND withdrawn_at IS NULL"


def upgrade() -> None:
    kind = app.core.database.EncryptedText()
    for column in SHARED:
        op.add_column("agency_check", sa.Column(column, kind, nullable=True))
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("message_id", sa.Integer(), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_{table}_message_id_outbox_message"),
                "outbox_message",
                ["message_id"],
                ["id"],
            )
            batch.create_index(f"ix_{table}_message", ["message_id"])
    op.create_index(
        "ix_agency_check_open_due",
        "agency_check",
        ["due_at", "id"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )


def downgrade() -> None:
    op.drop_index("ix_agency_check_open_due", table_name="agency_check")
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_index(f"ix_{table}_message")
            batch.drop_constraint(
                op.f(f"fk_{table}_message_id_outbox_message"), type_="foreignkey"
            )
            batch.drop_column("message_id")
    for column in SHARED:
        op.drop_column("agency_check", column)
