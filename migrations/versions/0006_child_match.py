"""a child known already can be said, kept and undone; a cancelled discussion can be settled"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "child_match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("given", app.core.database.EncryptedText(), nullable=True),
        sa.Column("before", app.core.database.EncryptedText(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("reason", app.core.database.EncryptedText(), nullable=True),
        sa.Column("said_by_id", sa.Integer(), nullable=False),
        sa.Column("said_at", app.core.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("undo_reason", app.core.database.EncryptedText(), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", app.core.database.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("other_id <> child_id", name=op.f("ck_child_match_of_two_records")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undo_reason IS NULL)",
            name=op.f("ck_child_match_undone_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_child_match_child_id_child")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["child.id"], name=op.f("fk_child_match_other_id_child")
        ),
        sa.ForeignKeyConstraint(
            ["said_by_id"], ["staff.id"], name=op.f("fk_child_match_said_by_id_staff")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["staff.id"], name=op.f("fk_child_match_undone_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_match")),
    )
    op.create_index("ix_child_match_child", "child_match", ["child_id", "id"])
    holds = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_child_match_other",
        "child_match",
        ["other_id"],
        unique=True,
        sqlite_where=holds,
        postgresql_where=holds,
    )
    op.add_column(
        "meeting",
        sa.Column("not_needed_at", app.core.database.UTCDateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "meeting",
        sa.Column("not_needed_reason", app.core.database.EncryptedText(), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("meeting", "not_needed_reason")
    op.drop_column("meeting", "not_needed_at")
    op.drop_table("child_match")
