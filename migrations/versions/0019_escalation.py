"""disagreements on their way up the ladder"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = app.core.database.UTCDateTime(timezone=True)
    op.create_table(
        "escalation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dissent_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("warned_step", sa.Integer(), nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ending", sa.Enum("agreed", "changed", "stands", "withdrawn", name="ending_known", native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name=op.f("ck_escalation_ended_somehow")),
        sa.ForeignKeyConstraint(["dissent_id"], ["dissent.id"], name=op.f("fk_escalation_dissent_id_dissent")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_escalation_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("dissent_id", name="uq_escalation_dissent"),
    )
    op.create_index("ix_escalation_meeting", "escalation", ["meeting_id", "id"])
    op.create_index("ix_escalation_open", "escalation", ["due_at", "id"], sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "escalation_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("words", app.core.database.EncryptedText(), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalation.id"], name=op.f("fk_escalation_note_escalation_id_escalation")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_escalation_note_recorded_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_note")),
        sa.UniqueConstraint("escalation_id", "step", name="uq_escalation_note_step"),
    )


def downgrade() -> None:
    op.drop_table("escalation_note")
    op.drop_table("escalation")
