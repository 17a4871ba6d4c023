"""Whom no letter reaches: nothing but a call tells them (C5, C7, D7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.meetings.calls import rules
from app.meetings.models import Meeting
from app.meetings.queries import MessageShown, messages_of


def unreached(meeting: Meeting, sent: Iterable[MessageShown]) -> frozenset[int]:
    """The invitees of this discussion whom no letter reaches, by number: they get none, their
    links were withdrawn, or their letters fail. `sent` is all that went to them, first things
    first."""
    letters: defaultdict[int, list[MessageShown]] = defaultdict(list)
    for one in sent:
        letters[one.invitee_id].append(one)
    return frozenset(
        one.id
        for one in meeting.invitees
        if not one.gets_letters
        or rules.letters_fail((each.kind, each.state) for each in letters[one.id])
    )


def read_unreached(session: Session, meeting: Meeting) -> frozenset[int]:
    """The same where what was sent is not at hand: one statement more."""
    return unreached(meeting, messages_of(session, meeting.id))
