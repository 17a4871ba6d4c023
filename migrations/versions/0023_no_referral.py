"""why a form was no referral, that it was opened again, letters about it"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

REASONS = (
    "information_request", "other_area", "open_case", "adult", "entered_twice", "other",
)  # fmt: skip
KNOWN = ", ".join(f"'{one}'" for one in REASONS)
CLOSED = sa.text("filtered IS NOT NULL")
ONE_THING = (
    "(referral_id IS NULL) <> (arrival_id IS NULL) AND "
    "(referral_id IS NULL) = (decision_id IS NULL)"
)
LETTER = "referral_letter"
COLUMNS = (
    "id, ref, referral_id, decision_id, letter_to, child_id, name, content, invitation_id, "
    "sent_by_id, sent_at, opened_at, message_id"
)


def upgrade() -> None:
    # Plain SQL: a table that is rebuilt loses its other constraints on SQLite.
    op.execute(
        "ALTER TABLE arrival ADD COLUMN filtered VARCHAR(40) "
        f"CONSTRAINT ck_arrival_filterreason_known CHECK (filtered IN ({KNOWN}))"
    )
    op.execute("UPDATE arrival SET filtered = 'other' WHERE closed_because IS NOT NULL")
    for name, first in (("ix_arrival_closed", "settled_at"), ("ix_arrival_closed_sent", "sent_at")):
        op.create_index(
            name, "arrival", [first, "id"], sqlite_where=CLOSED, postgresql_where=CLOSED
        )
    table = "arrival_reopening"
    moment = UTCDateTime(timezone=True)
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("arrival_id", sa.Integer(), nullable=False),
        sa.Column("reason", EncryptedText(), nullable=False),
        sa.Column("reopened_by_id", sa.Integer(), nullable=False),
        sa.Column("reopened_at", moment, nullable=False),
        sa.Column(
            "was_filtered",
            sa.Enum(*REASONS, name="filterreason_known", native_enum=False,
                    create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("was_because", EncryptedText(), nullable=False),
        sa.Column("was_closed_at", moment, nullable=False),
        sa.Column("was_closed_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arrival_id"], ["arrival.id"], name=op.f(f"fk_{table}_arrival_id_arrival")
        ),
        *(
            sa.ForeignKeyConstraint([one], ["staff.id"], name=op.f(f"fk_{table}_{one}_staff"))
            for one in ("reopened_by_id", "was_closed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )  # fmt: skip
    op.create_index(f"ix_{table}_arrival", table, ["arrival_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        _letters_anew(on_forms=True)
    else:
        for name in ("referral_id", "decision_id"):
            op.alter_column(LETTER, name, nullable=True)
        op.add_column(LETTER, sa.Column("arrival_id", sa.Integer(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{LETTER}_arrival_id_arrival"), LETTER, "arrival", ["arrival_id"], ["id"]
        )
        op.create_check_constraint(op.f(f"ck_{LETTER}_about_one_thing"), LETTER, ONE_THING)
        op.create_index(f"ix_{LETTER}_arrival", LETTER, ["arrival_id", "id"])


def downgrade() -> None:
    # What only the newer form can hold goes with it.
    op.execute(f"DELETE FROM {LETTER} WHERE arrival_id IS NOT NULL")
    if op.get_bind().dialect.name == "sqlite":
        _letters_anew(on_forms=False)
    else:
        op.drop_index(f"ix_{LETTER}_arrival", table_name=LETTER)
        op.drop_constraint(op.f(f"ck_{LETTER}_about_one_thing"), LETTER)
        op.drop_constraint(op.f(f"fk_{LETTER}_arrival_id_arrival"), LETTER)
        op.drop_column(LETTER, "arrival_id")
        for name in ("referral_id", "decision_id"):
            op.alter_column(LETTER, name, nullable=False)
    op.drop_index("ix_arrival_reopening_arrival", table_name="arrival_reopening")
    op.drop_table("arrival_reopening")
    op.drop_index("ix_arrival_closed_sent", table_name="arrival")
    op.drop_index("ix_arrival_closed", table_name="arrival")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_arrival_filterreason_known"), "arrival")
    op.execute("ALTER TABLE arrival DROP COLUMN filtered")


def _letters_anew(*, on_forms: bool) -> None:
    """SQLite cannot let a column be empty: the table is written out whole, and filled."""
    moment = UTCDateTime(timezone=True)
    about = {"referral_id": "referral", "decision_id": "referral_decision"}
    others = {
        "child_id": "child", "invitation_id": "invitation", "sent_by_id": "staff",
        "message_id": "outbox_message",
    } | ({"arrival_id": "arrival"} if on_forms else {})  # fmt: skip
    new = f"{LETTER}_new"
    op.create_table(
        new,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=on_forms) for name in about),
        *([sa.Column("arrival_id", sa.Integer(), nullable=True)] if on_forms else []),
        sa.Column(
            "letter_to",
            sa.Enum("referrer", "school", name=op.f(f"ck_{LETTER}_letterto_known"),
                    native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("name", EncryptedText(), nullable=False),
        sa.Column("content", EncryptedText(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        sa.Column("opened_at", moment, nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], [f"{of}.id"], name=op.f(f"fk_{LETTER}_{name}_{of}"))
            for name, of in (about | others).items()
        ),
        *([sa.CheckConstraint(ONE_THING, name=op.f(f"ck_{LETTER}_about_one_thing"))]
          if on_forms else []),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{LETTER}")),
        sa.UniqueConstraint("invitation_id", name=f"uq_{LETTER}_invitation_id"),
        sa.UniqueConstraint("ref", name=f"uq_{LETTER}_ref"),
    )  # fmt: skip
    op.execute(f"INSERT INTO {new} ({COLUMNS}) SELECT {COLUMNS} FROM {LETTER}")
    op.drop_table(LETTER)
    op.rename_table(new, LETTER)
    op.create_index(f"ix_{LETTER}_referral", LETTER, ["referral_id", "id"])
    op.create_index(f"ix_{LETTER}_message", LETTER, ["message_id"])
    if on_forms:
        op.create_index(f"ix_{LETTER}_arrival", LETTER, ["arrival_id", "id"])
