"""Whom nothing but a call tells that they are not asked any more (C7)."""

from __future__ import annotations

from app.meetings.models import Invitee, Meeting


def to_tell_of_removal(meeting: Meeting) -> list[Invitee]:
    """Everybody who was taken off and gets no letters: they are telephoned (C7)."""
    return [one for one in meeting.invitees if hears_of_removal(one)]


def hears_of_removal(invitee: Invitee) -> bool:
    """Whether somebody was taken off a booking, gets no letters and was not asked again."""
    if invitee.removed_at is None or invitee.news_at is None or invitee.staff_id is not None:
        return False
    if invitee.invitation_id is not None:
        return False
    return not any(
        one.removed_at is None and _same(one, invitee) for one in invitee.meeting.invitees
    )


def _same(one: Invitee, other: Invitee) -> bool:
    if other.professional_id is not None:
        return one.professional_id == other.professional_id
    return (one.name, one.telephone) == (other.name, other.telephone)
