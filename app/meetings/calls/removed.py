"""Whom nothing but a call tells that they are not asked any more (C7)."""

from __future__ import annotations

from collections.abc import Collection

from app.meetings.models import Invitee, Meeting


def to_tell_of_removal(meeting: Meeting, unreached: Collection[int]) -> list[Invitee]:
    """Everybody who was taken off and whom no letter reaches: they are telephoned (C7)."""
    return [one for one in meeting.invitees if hears_of_removal(one, unreached)]


def hears_of_removal(invitee: Invitee, unreached: Collection[int]) -> bool:
    """Whether somebody was taken off a booking, no letter reaches them and they were not asked
    again. `unreached` are those whom none reaches, by number."""
    if invitee.removed_at is None or invitee.news_at is None or invitee.staff_id is not None:
        return False
    if invitee.id not in unreached or invitee.wrong_address:
        return False
    return not any(
        one.removed_at is None and _same(one, invitee) for one in invitee.meeting.invitees
    )


def _same(one: Invitee, other: Invitee) -> bool:
    if other.professional_id is not None:
        return one.professional_id == other.professional_id
    return (one.name, one.telephone) == (other.name, other.telephone)
