"""parts of a record as sealed files, recall, copies attached, reminders to read"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

REFUSED = ("UPDATE", "DELETE")


def upgrade() -> None:
    op.create_table(
        "record_extract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "child", "actions", name="kind_known", native_enum=False, create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", app.core.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["record_version.id"],
            name=op.f("fk_record_extract_version_id_record_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_extract")),
        sa.UniqueConstraint("version_id", "kind", "place", name="uq_record_extract_part"),
    )
    op.create_index("ix_record_extract_sha256", "record_extract", ["sha256"])
    op.create_table(
        "record_recall",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("reason", app.core.database.EncryptedText(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", app.core.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["record_version.id"],
            name=op.f("fk_record_recall_version_id_record_version"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["staff.id"], name=op.f("fk_record_recall_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_record_recall")),
    )
    op.add_column(
        "circulation",
        sa.Column("attached", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "circulation",
        sa.Column("reminders", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "circulation",
        sa.Column("reminded_at", app.core.database.UTCDateTime(timezone=True), nullable=True),
    )
    for event in REFUSED:
        trigger = f"CREATE TRIGGER record_extract_no_{event.lower()} BEFORE {event}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"{trigger} ON record_extract "
                "BEGIN SELECT RAISE(ABORT, 'record_extract is append-only'); END"
            )
        else:
            op.execute(
                f"{trigger} ON record_extract FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
            )
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE TRIGGER record_extract_no_truncate BEFORE TRUNCATE ON record_extract "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
        )


def downgrade() -> None:
    for column in ("reminded_at", "reminders", "attached"):
        op.drop_column("circulation", column)
    op.drop_table("record_recall")
    op.drop_table("record_extract")
