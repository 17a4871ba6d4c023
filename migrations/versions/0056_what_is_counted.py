"""what figures are made of is kept with the case: the limit behind a target, how binding the time of a
request is, the first decision, what was no referral, who is staff, when the need was decided"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

FORCES = "'limit', 'target', 'plan'"
NO_REFERRAL = (
    "'information_request', 'other_area', 'open_case', 'adult', 'entered_twice', 'other'"
)
MOMENT = UTCDateTime(timezone=True)
_MEETING = sa.table(
    "meeting",
    sa.column("id", sa.Integer()),
    sa.column("clocks", sa.JSON()),
    sa.column("created_at", MOMENT),
    sa.column("due_at", MOMENT),
    sa.column("limit_at", MOMENT),
    sa.column("need_decided_at", MOMENT),
)
_REFERRAL = sa.table(
    "referral", sa.column("id", sa.Integer()), sa.column("filtered", sa.String())
)
# Of a deleted case the audit alone still says that it was no referral.
_SAID = sa.text(
    "SELECT referral.id, audit_entry.action, audit_entry.details FROM audit_entry "
    "JOIN referral ON referral.ref = audit_entry.subject_ref "
    "WHERE audit_entry.subject_kind = 'referral' AND referral.erased_at IS NOT NULL "
    "AND audit_entry.action IN ('referral decided', 'referral reopened') ORDER BY audit_entry.id"
).columns(details=sa.JSON())


def upgrade() -> None:
    _of_meetings()
    _of_requests()
    _of_referrals()
    _of_invitees()
    _count_anew()


def downgrade() -> None:
    op.execute("DELETE FROM dataset_figure WHERE measure = 'no_referral'")
    for column in ("filtered", "first_decided_at", "first_due_at"):
        op.execute(f"ALTER TABLE referral DROP COLUMN {column}")
    op.execute("ALTER TABLE agency_check DROP COLUMN due_force")
    op.drop_column("invitee", "is_staff")
    op.drop_index("ix_meeting_need_decided", "meeting")
    op.create_index("ix_meeting_created", "meeting", ["created_at", "id"])
    op.drop_column("meeting", "need_decided_at")
    op.drop_column("meeting", "limit_at")
    _count_anew()


def _count_anew() -> None:
    op.execute("UPDATE dataset_month SET begun_at = NULL, worked_at = NULL, parts_done = 0")


def _of_meetings() -> None:
    op.add_column("meeting", sa.Column("limit_at", MOMENT, nullable=True))
    # A constant default, because SQLite adds no other column that must be filled; never used.
    unused = sa.text("'2000-01-01 00:00:00.000000'")
    op.add_column(
        "meeting", sa.Column("need_decided_at", MOMENT, nullable=False, server_default=unused)
    )
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("meeting", "need_decided_at", server_default=None)
    held = sa.select(
        _MEETING.c.id, _MEETING.c.clocks, _MEETING.c.created_at, _MEETING.c.due_at
    )
    for number, clocks, created_at, due_at in op.get_bind().execute(held).all():
        decided = clocks.get("facts", {}).get("need_identified_at")
        op.execute(
            sa.update(_MEETING)
            .where(_MEETING.c.id == number)
            .values(
                need_decided_at=datetime.fromisoformat(decided) if decided else created_at,
                limit_at=_limit(clocks.get("clocks", {}).get("strategy_discussion", {}), due_at),
            )
        )
    op.drop_index("ix_meeting_created", "meeting")
    op.create_index("ix_meeting_need_decided", "meeting", ["need_decided_at", "id"])


def _limit(clock: dict[str, Any], due_at: datetime | None) -> datetime | None:
    """The deadline where it is a limit, else the next limit that was kept beside it."""
    if clock.get("force", "limit") == "limit":
        return due_at
    return min(_limits_beside(clock), default=None)


def _limits_beside(clock: dict[str, Any]) -> Iterator[datetime]:
    for other in clock.get("also", ()):
        if other["force"] == "limit" and not other["set_aside"] and other["due"]:
            yield datetime.fromisoformat(other["due"])


def _of_requests() -> None:
    op.execute(
        "ALTER TABLE agency_check ADD COLUMN due_force VARCHAR(40) NOT NULL DEFAULT 'limit' "
        f"CONSTRAINT ck_agency_check_force_known CHECK (due_force IN ({FORCES}))"
    )
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("agency_check", "due_force", server_default=None)
    # Of the areas that are shipped this one alone intends a time for answers.
    op.execute(
        "UPDATE agency_check SET due_force = 'plan' "
        "WHERE due_rule LIKE 'rag-%' AND due_source = 'HO2014, case study Blackburn'"
    )


def _of_invitees() -> None:
    no = sa.Column("is_staff", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("invitee", no)
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("invitee", "is_staff", server_default=None)
    op.execute("UPDATE invitee SET is_staff = true WHERE staff_id IS NOT NULL")
    # Of a deleted case nothing says it, but the chair is written first, and is of no agency.
    op.execute(
        "UPDATE invitee SET is_staff = true "
        "WHERE agency_id IS NULL AND agency_kind = 'social_care' "
        "AND id IN (SELECT min(first.id) FROM invitee AS first "
        "JOIN meeting ON meeting.id = first.meeting_id "
        "WHERE meeting.erased_at IS NOT NULL GROUP BY first.meeting_id)"
    )


def _of_referrals() -> None:
    op.execute(
        "ALTER TABLE referral ADD COLUMN filtered VARCHAR(40) "
        f"CONSTRAINT ck_referral_filterreason_known CHECK (filtered IN ({NO_REFERRAL}))"
    )
    op.execute(
        "UPDATE referral SET filtered = (SELECT decision_ground.filtered FROM decision_ground "
        "WHERE decision_ground.decision_id = (SELECT max(referral_decision.id) "
        "FROM referral_decision WHERE referral_decision.referral_id = referral.id)) "
        "WHERE decided_at IS NOT NULL"
    )
    said: dict[int, str | None] = {}
    for number, action, details in op.get_bind().execute(_SAID):
        said[number] = details.get("filtered") if action == "referral decided" else None
    for number, reason in said.items():
        op.execute(
            sa.update(_REFERRAL).where(_REFERRAL.c.id == number).values(filtered=reason)
        )
    for column in ("first_decided_at", "first_due_at"):
        op.add_column("referral", sa.Column(column, MOMENT, nullable=True))
    first = (
        "(SELECT {0} FROM referral_reopening AS first WHERE first.id = "
        "(SELECT min(one.id) FROM referral_reopening AS one WHERE one.referral_id = referral.id))"
    )
    op.execute(
        f"UPDATE referral SET first_decided_at = {first.format('first.was_decided_at')}, "
        f"first_due_at = {first.format('first.was_due_at')}"
    )
