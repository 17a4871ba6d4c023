"""the audit and signed records refuse to be rewritten"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# (table, event)
REFUSED = (
    ("audit_entry", "UPDATE"),
    ("audit_entry", "DELETE"),
    ("audit_view", "DELETE"),
    ("record_version", "UPDATE"),
    ("record_version", "DELETE"),
    ("record_copy", "UPDATE"),
    ("record_copy", "DELETE"),
)
# A view may be bound to its audit row once; nothing else of it may change.
VIEW_COLUMNS = ("id", "at", "actor_kind", "actor_label", "page", "subject_kind", "subject_ref")


def _view_changed(distinct: str) -> str:
    changed = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in VIEW_COLUMNS)
    return (
        f"OLD.entry_id IS NOT NULL OR NEW.entry_id IS NULL OR {changed}"
        f" OR NEW.actor_id {distinct} OLD.actor_id"
    )


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, event in REFUSED:
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER audit_view_no_update BEFORE UPDATE ON audit_view "
            f"WHEN {_view_changed('IS NOT')} "
            "BEGIN SELECT RAISE(ABORT, 'audit_view is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table, event in REFUSED:
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
        )
    for table in sorted({table for table, _ in REFUSED}):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
        )
    op.execute(
        "CREATE TRIGGER audit_view_no_update BEFORE UPDATE ON audit_view FOR EACH ROW "
        f"WHEN ({_view_changed('IS DISTINCT FROM')}) EXECUTE FUNCTION refuse_rewrite()"
    )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    names = [(f"{table}_no_{event.lower()}", table) for table, event in REFUSED]
    names.append(("audit_view_no_update", "audit_view"))
    if not sqlite:
        names += [(f"{table}_no_truncate", table) for table in sorted({t for t, _ in REFUSED})]
    for trigger, table in names:
        op.execute(f"DROP TRIGGER {trigger}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION refuse_rewrite()")
