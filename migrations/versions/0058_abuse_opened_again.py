"""the clock by which a domestic abuse case was closed stays when it is opened again"""

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TABLE = "abuse_earlier_clock"
MOMENT = UTCDateTime(timezone=True)
RISKS = ("high", "medium", "standard")
OUTCOMES = ("strategy_discussion", "section_17", "early_help", "targeted_support", "universal_offer", "share_information", "signpost", "advice", "no_further_action")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("risk", _one_of("domesticabuserisk", RISKS), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("clocks", sa.JSON(), nullable=False),
        sa.Column("outcome", _one_of("outcome", OUTCOMES), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["abuse_case.id"], name=op.f(f"fk_{TABLE}_case_id_abuse_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_case", TABLE, ["case_id", "id"])


def downgrade() -> None:
    op.drop_table(TABLE)


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(
        *values, name=f"{name}_known", native_enum=False, create_constraint=True, length=40
    )
