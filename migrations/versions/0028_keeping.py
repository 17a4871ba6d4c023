"""legal holds on children, archive of domestic abuse cases and forms, what was deleted is marked"""

import sqlalchemy as sa
from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime(timezone=True)
CASE = "closed_case"
KINDS = ("referral", "meeting", "abuse", "form")
ALWAYS = (
    "id", "referral_id", "meeting_id", "ref", "closed_at", "closed_by_id", "keep_until", "rule",
    "longer_reason", "held_at", "approved_at", "approved_by_id", "approved_reason", "deleted_at",
    "version",
)  # fmt: skip
OF_ONE = " + ".join(
    f"CASE WHEN {one}_id IS NULL THEN 0 ELSE 1 END"
    for one in ("referral", "meeting", "abuse_case", "arrival")
)
WAITS = "deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL"
APPROVED = "approved_at IS NOT NULL AND deleted_at IS NULL"
HELD = "held_at IS NOT NULL AND deleted_at IS NULL"


def upgrade() -> None:
    for table in ("referral", "meeting"):
        op.add_column(table, sa.Column("erased_at", MOMENT, nullable=True))
        op.execute(
            f"UPDATE {table} SET erased_at = (SELECT deleted_at FROM {CASE} "
            f"WHERE {CASE}.{table}_id = {table}.id)"
        )
    op.execute(
        f"UPDATE meeting SET erased_at = (SELECT deleted_at FROM {CASE} "
        f"WHERE {CASE}.referral_id = meeting.referral_id) WHERE erased_at IS NULL"
    )
    clear_what_was_deleted()
    op.add_column("action", sa.Column("told_at", MOMENT, nullable=True))
    op.execute(
        "UPDATE action SET told_at = (SELECT ended_at FROM meeting WHERE meeting.id = "
        "action.meeting_id AND meeting.ended_at >= action.added_at)"
    )
    untold = sa.text("told_at IS NULL AND removed_at IS NULL AND state = 'open'")
    op.create_index(
        "ix_action_untold", "action", ["added_at", "id"],
        sqlite_where=untold, postgresql_where=untold,
    )  # fmt: skip
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="casekind_known", native_enum=False, create_constraint=True,
                    length=40),
            nullable=False,
        ),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reason", EncryptedText(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=False),
        sa.Column("held_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lift_reason", EncryptedText(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL) AND "
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)",
            name=op.f("ck_legal_hold_lifted_with_a_reason"),
        ),
        *(
            sa.ForeignKeyConstraint([one], ["staff.id"], name=op.f(f"fk_legal_hold_{one}_staff"))
            for one in ("held_by_id", "lifted_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )  # fmt: skip
    op.create_index("ix_legal_hold_case", "legal_hold", ["ref"])
    active = sa.text("lifted_at IS NULL")
    op.create_index(
        "ix_legal_hold_active", "legal_hold", ["held_at", "id"],
        sqlite_where=active, postgresql_where=active,
    )  # fmt: skip
    op.create_table(
        "held_child",
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["legal_hold.id"], name=op.f("fk_held_child_hold_id_legal_hold")
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_held_child_child_id_child")
        ),
        sa.PrimaryKeyConstraint("hold_id", "child_id", name=op.f("pk_held_child")),
    )
    op.create_index("ix_held_child_child", "held_child", ["child_id", "hold_id"])
    # What is held stays held, with its children.
    op.execute(
        "INSERT INTO legal_hold (kind, ref, reason, held_at, held_by_id) "
        "SELECT CASE WHEN referral_id IS NULL THEN 'meeting' ELSE 'referral' END, ref, "
        f"hold_reason, held_at, held_by_id FROM {CASE} WHERE held_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO held_child (hold_id, child_id) "
        f"SELECT h.id, r.child_id FROM legal_hold h JOIN {CASE} c ON c.ref = h.ref "
        "JOIN referral_child r ON r.referral_id = c.referral_id "
        "UNION "
        f"SELECT h.id, mc.child_id FROM legal_hold h JOIN {CASE} c ON c.ref = h.ref "
        "JOIN meeting m ON m.id = c.meeting_id OR m.referral_id = c.referral_id "
        "JOIN meeting_child mc ON mc.meeting_id = m.id"
    )
    hold_linked_records()
    _anew(ALWAYS, newer=True)


def downgrade() -> None:
    # What only the newer form can hold goes with it.
    op.execute(f"DELETE FROM {CASE} WHERE referral_id IS NULL AND meeting_id IS NULL")
    # A case that another one's hold keeps gets the words of the oldest hold that is on.
    hold = (
        "(SELECT {} FROM legal_hold h WHERE h.lifted_at IS NULL AND closed_case.held_at IS NOT NULL "
        "ORDER BY CASE WHEN h.ref = closed_case.ref THEN 0 ELSE 1 END, h.id LIMIT 1) AS {}"
    )
    words = (hold.format("h.reason", "hold_reason"), hold.format("h.held_by_id", "held_by_id"))
    _anew((*ALWAYS, *words), newer=False)
    op.drop_table("held_child")
    op.drop_table("legal_hold")
    op.drop_index("ix_action_untold", table_name="action")
    op.drop_column("action", "told_at")
    for table in ("meeting", "referral"):
        op.drop_column(table, "erased_at")


def clear_what_was_deleted() -> None:
    """Of what is marked as deleted nothing says whom it was about, as with what is deleted now."""
    op.execute("UPDATE referral SET referrer_professional_id = NULL WHERE erased_at IS NOT NULL")
    op.execute("UPDATE meeting SET line_id = NULL, pin_id = NULL WHERE erased_at IS NOT NULL")
    op.execute(
        "UPDATE invitee SET name = 'Deleted', title = '', agency_name = '', invitation_id = NULL, "
        "professional_id = NULL, staff_id = NULL, rule_id = NULL "
        "WHERE meeting_id IN (SELECT id FROM meeting WHERE erased_at IS NOT NULL)"
    )


def hold_linked_records() -> None:
    """A hold keeps the records that were found to be a held child's, and still are."""
    op.execute(
        "INSERT INTO held_child (hold_id, child_id) "
        "SELECT h.hold_id, m.other_id FROM held_child h "
        "JOIN child_match m ON m.child_id = h.child_id "
        "WHERE m.other_id IS NOT NULL AND m.undone_at IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM held_child k WHERE k.hold_id = h.hold_id AND k.child_id = m.other_id)"
    )


def _anew(kept: tuple[str, ...], *, newer: bool) -> None:
    """Its rules change: the table is written out whole, and filled."""
    names = ", ".join(one.rpartition(" ")[2] for one in kept)
    op.execute(f"CREATE TABLE {CASE}_kept AS SELECT {', '.join(kept)} FROM {CASE}")
    op.drop_table(CASE)
    more = ("abuse_case", "arrival") if newer else ()
    staff = ("closed_by_id", "approved_by_id", *(() if newer else ("held_by_id",)))
    checks = (
        {"of_one_case": f"{OF_ONE} = 1 OR (deleted_at IS NOT NULL AND {OF_ONE} = 0)"}
        if newer
        else {
            "a_referral_or_a_meeting": "(referral_id IS NULL) <> (meeting_id IS NULL)",
            "held_with_a_reason": "held_at IS NULL OR hold_reason IS NOT NULL",
        }
    ) | {
        "held_is_not_deleted": "deleted_at IS NULL OR held_at IS NULL",
        "reviewed_first": "deleted_at IS NULL OR approved_at IS NOT NULL",
    }
    op.create_table(
        CASE,
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(f"{one}_id", sa.Integer(), nullable=True)
          for one in ("referral", "meeting", *more)),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("keep_until", MOMENT, nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("longer_reason", EncryptedText(), nullable=True),
        sa.Column("held_at", MOMENT, nullable=True),
        *(() if newer else (
            sa.Column("held_by_id", sa.Integer(), nullable=True),
            sa.Column("hold_reason", EncryptedText(), nullable=True),
        )),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_reason", EncryptedText(), nullable=True),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.CheckConstraint(words, name=op.f(f"ck_{CASE}_{name}"))
          for name, words in checks.items()),
        *(sa.ForeignKeyConstraint([one], ["staff.id"], name=op.f(f"fk_{CASE}_{one}_staff"))
          for one in staff),
        *(sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}.id"],
                                  name=op.f(f"fk_{CASE}_{one}_id_{one}"))
          for one in ("referral", "meeting", *more)),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CASE}")),
        *(sa.UniqueConstraint(f"{one}_id", name=f"uq_{CASE}_{one}")
          for one in ("referral", "meeting", *more)),
    )  # fmt: skip
    op.execute(f"INSERT INTO {CASE} ({names}) SELECT {names} FROM {CASE}_kept")
    op.drop_table(f"{CASE}_kept")
    for name, column, where in (
        ("due", "keep_until", WAITS), ("approved", "approved_at", APPROVED), ("held", "held_at", HELD),
    ):  # fmt: skip
        if name != "held" or not newer:
            op.create_index(
                f"ix_{CASE}_{name}", CASE, [column, "id"],
                sqlite_where=sa.text(where), postgresql_where=sa.text(where),
            )  # fmt: skip
    if newer:
        op.create_index(f"ix_{CASE}_ref", CASE, ["ref"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{CASE}', 'id'), "
            f"coalesce((SELECT max(id) FROM {CASE}), 1), (SELECT count(*) FROM {CASE}) > 0)"
        )
