"""The names of the children whom the rows of a page are about: only where they may stand there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, bindparam, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.meetings.models import MeetingChild
from app.referrals.models import Child, ReferralChild
from app.referrals.public.models import Arrival
from app.reports.types import WorkKind, WorkRow

WITHOUT_NAMES = frozenset({WorkKind.ABUSE, WorkKind.RETENTION})  # IMAP 5; H8
_NAMES: CompoundSelect[Any] = union_all(
    select(
        literal("referral").label("of"), ReferralChild.referral_id, ReferralChild.position,
        Child.given_name, Child.family_name,
    )
    .join(Child, Child.id == ReferralChild.child_id)
    .where(ReferralChild.referral_id.in_(bindparam("referrals", expanding=True))),
    select(
        literal("meeting"), MeetingChild.meeting_id, MeetingChild.position,
        Child.given_name, Child.family_name,
    )
    .join(Child, Child.id == MeetingChild.child_id)
    .where(MeetingChild.meeting_id.in_(bindparam("meetings", expanding=True))),
    select(literal("arrival"), Arrival.id, literal(0), Arrival.children, null())
    .where(Arrival.id.in_(bindparam("arrivals", expanding=True))),
)  # fmt: skip
# Whose children a row of a kind is about; of all others it is a discussion.
_NAMED = {
    WorkKind.AT_RISK: "arrivals",
    WorkKind.TAKE_IN: "arrivals",
    WorkKind.FORM_MAIL: "arrivals",
    WorkKind.DECIDE_NOW: "referrals",
    WorkKind.DECIDE: "referrals",
    WorkKind.ANSWERED_SINCE: "referrals",
    WorkKind.SETTLE_RATING: "referrals",
    WorkKind.ANSWERS_IN: "referrals",
    WorkKind.HOLD_MEETING: "referrals",
    WorkKind.ALLOCATE: "referrals",
    WorkKind.NOT_TAKEN_ON: "referrals",
    WorkKind.ASSESS_RISK: "referrals",
    WorkKind.ALLOCATED: "referrals",
    WorkKind.RATE_AGAIN: "referrals",
    WorkKind.AGENCY_LATE: "referrals",
    WorkKind.REQUEST_MAIL: "referrals",
    WorkKind.LETTER_MAIL: "referrals",
    WorkKind.ASSESS: "referrals",
}


class Names(NamedTuple):
    """The children of what a page lists, by its number: `Given Family`, or as told in the form."""

    on_referrals: dict[int, tuple[str, ...]]
    on_meetings: dict[int, tuple[str, ...]]
    as_told: dict[int, tuple[str, ...]]

    def of(self, kind: WorkKind) -> dict[int, tuple[str, ...]]:
        """The names for rows of this kind."""
        if kind in WITHOUT_NAMES:
            return {}
        where = _NAMED.get(kind, "meetings")
        if where == "arrivals":
            return self.as_told
        return self.on_referrals if where == "referrals" else self.on_meetings


def names_of(session: Session, rows: Iterable[WorkRow], meetings: Iterable[int]) -> Names:
    """The children of these rows, and of these discussions beside them: one statement."""
    wanted: dict[str, set[int]] = {"referrals": set(), "meetings": set(meetings), "arrivals": set()}
    for row in rows:
        if row.kind in WITHOUT_NAMES:
            continue
        wanted[_NAMED.get(row.kind, "meetings")].add(row.id)
    found: dict[str, dict[int, list[tuple[int, str]]]] = {
        "referral": {}, "meeting": {}, "arrival": {},
    }  # fmt: skip
    if any(wanted.values()):
        values = {name: sorted(ids) for name, ids in wanted.items()}
        for kind, owner, place, given, family in session.execute(_NAMES, values).all():
            name = f"{given or ''} {family or ''}".strip()
            found[kind].setdefault(owner, []).append((place, name))
    return Names(
        *(
            {owner: tuple(name for _, name in sorted(told)) for owner, told in owners.items()}
            for owners in found.values()
        )
    )
