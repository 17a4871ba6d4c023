"""What an invited person may see and do, and when: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.directory.types import AgencyKind
from app.guests.types import Open, Told
from app.meetings.rules import OPEN_TO_INVITEES
from app.meetings.types import Answer, Format, MeetingState
from app.records.document.readers import MAY_SEE
from app.records.document.types import ProtectedKind
from app.referrals.types import Concern

_HELD = frozenset({MeetingState.UNDER_WAY, MeetingState.ENDED, MeetingState.SIGNED})
TAKING_PART = frozenset({Answer.ATTEND, Answer.DIAL_IN, Answer.TENTATIVE})


def what_is_open(state: MeetingState) -> Open:
    """What an invitee may do at this stage: answer and report until the meeting has ended,
    disagree from its start on. After a cancellation nothing of the case is shown. Source: D4, D5,
    E4."""
    before = state in OPEN_TO_INVITEES
    return Open(answer=before, report=before, case=before, dial_in=before, dissent=state in _HELD)


def time_told(starts_at: datetime | None, started_at: datetime | None) -> str:
    """Which time a page told, as the answer given on it says back; empty where none was fixed."""
    moment = starts_at or started_at
    return moment.isoformat() if moment else ""


def told(kind: AgencyKind, concerns: Sequence[str], reason: str) -> Told:
    """The concern as an invitee of this kind of agency reads it before the meeting.

    Everyone reads the kinds of concern, because without them nobody knows what to look up
    (BROMLEY 2: agencies bring the information they hold). The manager's reason is free text in
    which a referrer, an address or the health of another person may stand unmarked; so it is
    shown only to those who may read all that the record protects (F4; HO2014 Blackburn, top tip 1).
    The others hear it in the meeting.
    """
    labels = tuple(_label(value) for value in concerns)
    sees_all = all(kind.value in {one.value for one in MAY_SEE[each]} for each in ProtectedKind)
    return Told(labels, reason if sees_all else "")


def becomes_attendance(answer: Answer, state: MeetingState, named: bool) -> bool:
    """Whether whoever entered through a team's address is the one who takes part (D3).

    Whoever says "I take part" is. Before anybody said so it is whoever entered first. Whoever
    comes after the meeting, to read the record, took no part in it.
    """
    if state not in OPEN_TO_INVITEES:
        return False
    return answer in TAKING_PART or not named


def may_dial_in(format_: Format, has_dial_in: bool) -> bool:
    """Whether "I dial in" is an answer (D4). Face to face only where there is a line: a conference
    by telephone has no other way, and its number is asked for where none is on file (C11)."""
    return has_dial_in or format_ is Format.CALL


def _label(value: str) -> str:
    try:
        return Concern(value).label
    except ValueError:
        return value.replace("_", " ").capitalize()
