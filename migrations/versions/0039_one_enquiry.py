"""one section 47 enquiry over several discussions

Rows of one enquiry are put in order: its last discussion carries the steps and takes over the dates
and choices that were noted before; all of them say how it ended.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core.database import UTCDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLE = "child_after"
MOMENTS = (
    "section47_started_at", "enquiry_ended_at", "quality_told_at", "icpc_decided_at",
    "icpc_referred_at", "icpc_booked_for", "icpc_held_at", "assessment_completed_at",
    "assessment_due_at", "icpc_referral_due_at", "icpc_due_at", "review_at", "review_held_at",
    "next_due_at",
)  # fmt: skip
WORDS = ("enquiry_outcome", "conference", "icpc_outcome", "next_step")
NOTED = (
    "quality_told_at", "icpc_referred_at", "icpc_booked_for", "icpc_held_at", "icpc_outcome",
    "assessment_completed_at", "enquiry_outcome", "enquiry_ended_at",
)  # fmt: skip
HELD = ("icpc_held_at", "icpc_outcome")
AFTER = sa.table(
    TABLE,
    *(sa.column(one, sa.Integer()) for one in ("id", "child_id", "meeting_id")),
    *(sa.column(one, UTCDateTime(timezone=True)) for one in MOMENTS),
    *(sa.column(one, sa.Text()) for one in WORDS),
    *(
        sa.column(one, sa.Boolean())
        for one in ("enquiry_runs", "assessment_runs", "carries", "conference_decided_later")
    ),
    sa.column("from_others", sa.JSON()),
)
MEETING = sa.table(
    "meeting",
    sa.column("id", sa.Integer()),
    *(sa.column(one, UTCDateTime(timezone=True)) for one in ("started_at", "ended_at")),
)


def upgrade() -> None:
    op.add_column(
        TABLE, sa.Column("carries", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        TABLE,
        sa.Column("from_others", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
    )
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(AFTER, MEETING.c.started_at, MEETING.c.ended_at)
        .join(MEETING, MEETING.c.id == AFTER.c.meeting_id)
        .where(AFTER.c.section47_started_at.is_not(None))
        .order_by(AFTER.c.child_id, AFTER.c.section47_started_at, MEETING.c.started_at, AFTER.c.id)
    ).mappings()
    for _, found in groupby(rows, lambda row: (row["child_id"], row["section47_started_at"])):
        for discussed in _enquiries(list(found)):
            for number, values in _put_in_order(discussed):
                bind.execute(AFTER.update().where(AFTER.c.id == number).values(values))


def _enquiries(found: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The discussions since one start by their enquiries: a finished one was not continued. What
    a discussion alone leaves as it is needs no change."""
    groups: list[list[Mapping[str, Any]]] = []
    for row in found:
        ends = [one["enquiry_ended_at"] for one in groups[-1]] if groups else []
        known = [end for end in ends if end is not None]
        if groups and (not known or known[-1] >= (row["started_at"] or row["ended_at"])):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups if len(found) > 1 else []


def _put_in_order(discussed: list[Mapping[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    changed: list[dict[str, Any]] = [
        {
            "carries": True,
            "from_others": []
            if row["started_at"] == row["section47_started_at"]
            else ["section47_started_at"],
        }
        for row in discussed
    ]
    held: list[dict[str, Any]] = [dict(row) for row in discussed]
    for before, after in pairwise(range(len(discussed))):
        was, now, values = held[before], held[after], changed[after]
        came = {name: was[name] for name in NOTED if now[name] is None and was[name] is not None}
        if now["conference"] == "not_needed":
            # Decided after its discussion: one that was held stays with the other.
            came = {name: value for name, value in came.items() if name not in HELD}
        if was["conference"] == "required" and not now["conference_decided_later"]:
            came |= {name: was[name] for name in ("conference", "icpc_decided_at")}
        now |= came
        values |= came
        values["from_others"] = sorted({*values["from_others"], *came})
        changed[before] |= {"carries": False, "next_step": None, "next_due_at": None}
    last = held[-1]
    changed[-1]["next_step"], changed[-1]["next_due_at"] = _next(last)
    for row, values in zip(held[:-1], changed[:-1], strict=True):
        if row["enquiry_outcome"] is None and last["enquiry_outcome"] is not None:
            came = {name: last[name] for name in ("enquiry_outcome", "enquiry_ended_at")}
            values |= came
            values["from_others"] = sorted({*values["from_others"], *came})
    return [(row["id"], values) for row, values in zip(discussed, changed, strict=True)]


def _next(row: Mapping[str, Any]) -> tuple[str | None, datetime | None]:
    """What comes first of all that is open, as the product worked it out in this version."""
    ended_at = row["ended_at"]
    by = row["icpc_due_at"] or row["icpc_referral_due_at"] or ended_at
    likely, required = (row["conference"] == one for one in ("likely", "required"))
    meant = required and row["icpc_held_at"] is None
    referral_by = row["icpc_referral_due_at"] or ended_at
    enquiry_by = row["icpc_due_at"] or row["assessment_due_at"] or ended_at
    steps: list[tuple[str, datetime | None, bool]] = [
        ("quality", ended_at, (likely or required) and not row["quality_told_at"]),
        ("conference", by, likely),
        ("referral", referral_by, meant and not row["icpc_referred_at"]),
        ("booking", by, meant and not row["icpc_booked_for"]),
        ("held", row["icpc_booked_for"], meant),
        ("enquiry", enquiry_by, row["enquiry_runs"] and not row["enquiry_outcome"]),
        (
            "assessment",
            row["assessment_due_at"],
            row["assessment_runs"] and not row["assessment_completed_at"],
        ),
        ("review", row["review_at"], not row["review_held_at"]),
    ]
    waits = [(due_at, place) for place, (_, due_at, open_) in enumerate(steps) if open_ and due_at]
    if not waits:
        return None, None
    due_at, place = min(waits)
    return steps[place][0], due_at


def downgrade() -> None:
    op.drop_column(TABLE, "from_others")
    op.drop_column(TABLE, "carries")
