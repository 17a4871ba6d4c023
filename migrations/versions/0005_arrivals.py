"""referrals from outside, and names of schools and practices that are not in the directory"""

import sqlalchemy as sa
from alembic import op

import app.core.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TYPED = ("school_typed", "gp_typed", "health_typed")
WAITING = "sent_at IS NOT NULL AND settled_at IS NULL"


def upgrade() -> None:
    for name in TYPED:
        op.add_column("child", sa.Column(name, app.core.database.EncryptedText(), nullable=True))
    moment = app.core.database.UTCDateTime(timezone=True)
    protected = app.core.database.EncryptedText()
    op.create_table(
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("answers", protected, nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=True),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("network_digest", sa.Text(), nullable=True),
        sa.Column("address_digest", sa.Text(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("children", protected, nullable=True),
        sa.Column("source", protected, nullable=True),
        sa.Column("risk_now", sa.Boolean(), nullable=False),
        sa.Column("decision_due_at", moment, nullable=True),
        sa.Column("settled_at", moment, nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("referral_id", sa.Integer(), nullable=True),
        sa.Column("closed_because", protected, nullable=True),
        sa.CheckConstraint(
            "(sent_at IS NULL) = (decision_due_at IS NULL)",
            name=op.f("ck_arrival_sent_has_a_clock"),
        ),
        sa.CheckConstraint(
            "settled_at IS NULL OR (sent_at IS NOT NULL AND "
            "(referral_id IS NULL) <> (closed_because IS NULL))",
            name=op.f("ck_arrival_settled_one_way"),
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_arrival_invitation_id_invitation")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_arrival_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["staff.id"], name=op.f("fk_arrival_settled_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("ref", name="uq_arrival_ref"),
        sa.UniqueConstraint("token_digest", name="uq_arrival_token_digest"),
        sa.UniqueConstraint("invitation_id", name="uq_arrival_invitation_id"),
    )
    op.create_index("ix_arrival_address", "arrival", ["address_digest", "started_at"])
    op.create_index("ix_arrival_network", "arrival", ["network_digest", "started_at"])
    op.create_index(
        "ix_arrival_unfinished",
        "arrival",
        ["changed_at"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index(
        "ix_arrival_waiting",
        "arrival",
        ["decision_due_at", "id"],
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )
    op.create_table(
        "arrival_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("arrival_id", sa.Integer(), nullable=False),
        sa.Column("name", protected, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", app.core.database.EncryptedBytes(), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["arrival_id"], ["arrival.id"], name=op.f("fk_arrival_file_arrival_id_arrival")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival_file")),
    )
    op.create_index("ix_arrival_file_arrival", "arrival_file", ["arrival_id"])


def downgrade() -> None:
    op.drop_table("arrival_file")
    op.drop_table("arrival")
    for name in TYPED:
        op.drop_column("child", name)
