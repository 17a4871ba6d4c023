"""When a form may be sent, how it travels and when it is chased: pure (C6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from app.core.refusal import Refused
from app.invitations.rules import AFTER_RECORD
from app.meetings.papers.types import FormState
from app.meetings.types import MeetingState

# No document gives a time. A discussion may be due within the day, so an hour without a word is
# long.
CHASE_AFTER = timedelta(hours=1)
_OPEN = frozenset({MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY})


def check_sendable(state: MeetingState, email: str) -> None:
    """Raise Refused where the discussion is over, or the council has given no address."""
    if state not in _OPEN:
        raise Refused("note", f"The form is not needed any more: {state.label.lower()}")
    if not email:
        raise Refused(
            "note",
            "There is no address to send it to: an administrator enters it in the council settings",
        )


def goes_as_attachment(email: str, secure_domains: Collection[str]) -> bool:
    """Whether the form itself may travel by email: to the secure list alone (F5)."""
    return email.rpartition("@")[2].lower() in secure_domains


def link_ends(moment: datetime) -> datetime:
    """When the link to a form ends: 14 days after it was sent or chased, and once it was answered
    14 days after that, as the link to a record does (D3)."""
    return moment + AFTER_RECORD


def check_open(state: FormState) -> None:
    """Raise Refused where an answer to a form is noted that waits for none."""
    if state is not FormState.SENT:
        raise Refused("reply", f"Nothing is awaited any more: {state.label.lower()}")


def chase_at(now: datetime, *, by_telephone: bool) -> datetime:
    """When somebody should ask: at once where the form is followed up by telephone
    (BROMLEY 1), else after an hour."""
    return now if by_telephone else now + CHASE_AFTER
