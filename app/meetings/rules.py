"""What may be done with a discussion in which state: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.meetings.types import Answer, Format, MeetingState

# Invitees may answer and send reports until the discussion has ended (D4, D5).
OPEN_TO_INVITEES = frozenset({MeetingState.BOOKED, MeetingState.UNDER_WAY})


def check_to_be_booked(state: MeetingState) -> None:
    """Raise Refused where a discussion is not waiting to be booked (C1)."""
    if state is MeetingState.NEEDED:
        return
    if state is MeetingState.BOOKED:
        raise Refused("slot", "Somebody else has booked it: change the booking instead")
    raise Refused("slot", f"It cannot be booked any more: {state.label.lower()}")


def check_changeable(state: MeetingState) -> None:
    """Raise Refused where a booking can no longer be changed or called off (C7)."""
    if state is not MeetingState.BOOKED:
        raise Refused("slot", f"The booking cannot be changed any more: {state.label.lower()}")


def check_cancellable(state: MeetingState) -> None:
    """Raise Refused where there is nothing left to call off (C7)."""
    if state not in (MeetingState.NEEDED, MeetingState.BOOKED):
        raise Refused("reason", f"It cannot be cancelled any more: {state.label.lower()}")


def check_start(start: datetime, now: datetime) -> None:
    """Raise Refused for a slot in the past; both moments are aware."""
    if start < now:
        raise Refused(
            "slot", f"{words_for_moment(start)} is in the past: choose a time still to come"
        )


def check_answer(
    state: MeetingState, answer: Answer, held: Answer, *, removed: bool, has_deputy: bool
) -> None:
    """Raise Refused where an invitee may not give this answer now (D4)."""
    if removed:
        raise Refused("answer", "You are no longer invited: telephone the desk if that is wrong")
    if state not in OPEN_TO_INVITEES:
        raise Refused("answer", "The meeting is over or was cancelled: no answer is needed")
    if answer in (Answer.NONE, Answer.DEPUTY):
        raise Refused("answer", "Say whether you attend, dial in, send a report or cannot come")
    if held is Answer.DEPUTY or has_deputy:
        raise Refused("answer", "A colleague comes instead: telephone the desk to change that")


def takes_part_as(format_of_meeting: Format) -> Answer:
    """What "I will take part" means where nothing more was said: by telephone for a
    telephone conference, else in person. Source: D3, D4, D6."""
    return Answer.DIAL_IN if format_of_meeting is Format.CALL else Answer.ATTEND


def after_move(answer: Answer) -> Answer:
    """What remains of an answer when the time moves: who would come is asked again (C7)."""
    return answer if answer in (Answer.REPORT, Answer.DEPUTY) else Answer.NONE


def gives_away(place: str, names: Iterable[str], phrases: Iterable[str]) -> bool:
    """Whether a place names a child or family, their home or a child's school: then it stands in
    no letter and no calendar (D2). `names` are looked for word by word, `phrases` as a whole."""
    said = " ".join(place.casefold().split())
    words = set(re.findall(r"\w+", said))
    parts = {part for name in names for part in re.findall(r"\w+", name.casefold())}
    whole = (" ".join(phrase.casefold().split()) for phrase in phrases)
    return any(len(part) > 2 for part in parts & words) or any(one and one in said for one in whole)
