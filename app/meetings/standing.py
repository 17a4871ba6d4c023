"""Who stands in whose place: a colleague who comes instead counts for whoever was invited (D4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.meetings.models import Invitee
from app.meetings.types import Attendance


def invitees_here(invitees: Iterable[Invitee]) -> list[Invitee]:
    """Everybody who was not removed, in the order in which they were invited."""
    return [one for one in invitees if one.removed_at is None]


def standing(invitees: Iterable[Invitee]) -> list[Invitee]:
    """Those who count: without the removed, and without whoever sent a colleague instead.

    Somebody who took part after all, or sent a report, counts beside their colleague.
    """
    here = invitees_here(invitees)
    replaced = {one.deputy_for_id for one in here}
    return [
        one
        for one in here
        if one.id not in replaced or one.attendance not in (None, Attendance.ABSENT)
    ]


def replaced_by(invitee: Invitee, invitees: Sequence[Invitee]) -> list[Invitee]:
    """Whom this invitee stands in for, the nearest first: a deputy may send one in turn.

    Empty for somebody who comes for themselves. Those who took part after all are left out.
    """
    counted = {one.id for one in standing(invitees)}
    by_id = {one.id: one for one in invitees}
    found: list[Invitee] = []
    before = by_id.get(invitee.deputy_for_id or 0)
    while before is not None and before not in found:
        found.append(before)
        before = by_id.get(before.deputy_for_id or 0)
    return [one for one in found if one.id not in counted]


def removed_senders(invitees: Iterable[Invitee]) -> list[Invitee]:
    """Those who were removed and whose reports still count: what came from a wrong address is no
    report of anybody who was asked (C7, D5)."""
    return [one for one in invitees if one.removed_at is not None and not one.wrong_address]


def same_person(one: Invitee, other: Invitee) -> bool:
    """Whether two rows are of one person, who was removed and asked again."""
    if one.professional_id is not None or other.professional_id is not None:
        return one.professional_id == other.professional_id
    known = (one.name, (one.email or "").lower(), one.staff_id)
    return known == (other.name, (other.email or "").lower(), other.staff_id)


def stand_in(invitee_id: int, invitees: Sequence[Invitee]) -> int:
    """Who stands in the place of this invitee: their own number where nobody does."""
    for one in standing(invitees):
        if any(before.id == invitee_id for before in replaced_by(one, invitees)):
            return one.id
    return invitee_id
