"""disagreements that were recorded by mistake are struck"""

from alembic import op

from app.core.database import EncryptedText, UTCDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLE = "dissent"


def upgrade() -> None:
    # What points to this table forbids making it anew on SQLite: its constraints come with the
    # columns.
    dialect = op.get_bind().dialect
    moment, words = (
        kind.compile(dialect=dialect) for kind in (UTCDateTime(timezone=True), EncryptedText())
    )
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN struck_at {moment}")
    op.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN struck_by_id INTEGER "
        f"CONSTRAINT fk_{TABLE}_struck_by_id_staff REFERENCES staff (id)"
    )
    op.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN struck_reason {words} "
        f"CONSTRAINT ck_{TABLE}_struck_with_a_reason "
        "CHECK ((struck_at IS NULL) = (struck_reason IS NULL))"
    )


def downgrade() -> None:
    for name in ("struck_reason", "struck_by_id", "struck_at"):
        op.drop_column(TABLE, name)
