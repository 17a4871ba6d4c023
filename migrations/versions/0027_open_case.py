"""what an open case is about; the due date of a baby in a domestic abuse case"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedDate, EncryptedText, UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("concerns", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column(
            "domestic_abuse",
            sa.Enum("high", "medium", "standard", name="domesticabuserisk_known",
                    native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("immediate_action_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("hospital", EncryptedText(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_open_case_meeting_id_meeting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_case")),
        sa.UniqueConstraint("meeting_id", name="uq_open_case_meeting"),
    )  # fmt: skip
    op.create_table(
        "open_case_adult",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_case_id", sa.Integer(), nullable=False),
        sa.Column("name", EncryptedText(), nullable=False),
        sa.Column("relationship_to_child", EncryptedText(), nullable=False),
        *(
            sa.Column(name, sa.Boolean(), nullable=False)
            for name in (
                "parental_responsibility", "in_household", "alleged_perpetrator", "under_18",
            )
        ),
        sa.Column("employer_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["open_case_id"], ["open_case.id"],
            name=op.f("fk_open_case_adult_open_case_id_open_case"),
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["agency.id"], name=op.f("fk_open_case_adult_employer_id_agency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_case_adult")),
    )  # fmt: skip
    op.create_index("ix_open_case_adult_case", "open_case_adult", ["open_case_id", "id"])
    op.add_column("abuse_person", sa.Column("due_date", EncryptedDate(), nullable=True))


def downgrade() -> None:
    op.drop_column("abuse_person", "due_date")
    op.drop_index("ix_open_case_adult_case", table_name="open_case_adult")
    op.drop_table("open_case_adult")
    op.drop_table("open_case")
