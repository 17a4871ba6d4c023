"""about what an agency was asked, answers after the decision, the order of the queue"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLE = "agency_check_child"
OPEN = sa.text("decided_at IS NULL")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"], ["agency_check.id"], name=op.f(f"fk_{TABLE}_check_id_agency_check")
        ),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f(f"fk_{TABLE}_child_id_child")),
        sa.PrimaryKeyConstraint("check_id", "child_id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_child", TABLE, ["child_id", "check_id"])
    # Until now each agency read what stands on the referral: that is what it was told.
    op.execute(
        f"INSERT INTO {TABLE} (check_id, child_id) SELECT agency_check.id, referral_child.child_id "
        "FROM agency_check JOIN referral_child "
        "ON referral_child.referral_id = agency_check.referral_id"
    )
    none = sa.Column("concerns", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("agency_check", none)
    op.execute(
        "UPDATE agency_check SET concerns = "
        "(SELECT referral.concerns FROM referral WHERE referral.id = agency_check.referral_id)"
    )
    no = sa.Column("unread", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("check_answer", no)
    unread = sa.text("unread")
    op.create_index(
        "ix_check_answer_unread",
        "check_answer",
        ["check_id"],
        sqlite_where=unread,
        postgresql_where=unread,
    )
    in_turn = sa.Column("queue_place", sa.Integer(), nullable=False, server_default=sa.text("1"))
    op.add_column("referral", in_turn)
    op.execute(
        "UPDATE referral SET queue_place = 0 WHERE CAST(flags AS TEXT) LIKE '%\"risk_now\"%'"
    )
    _queue("queue_place", "act_by_at", "id")


def downgrade() -> None:
    _queue("act_by_at", "id")
    op.drop_column("referral", "queue_place")
    op.drop_index("ix_check_answer_unread", table_name="check_answer")
    op.drop_column("check_answer", "unread")
    op.drop_column("agency_check", "concerns")
    op.drop_table(TABLE)


def _queue(*columns: str) -> None:
    op.drop_index("ix_referral_open", table_name="referral")
    op.create_index(
        "ix_referral_open", "referral", list(columns), sqlite_where=OPEN, postgresql_where=OPEN
    )
