"""What stands in the way of a booked discussion: no chair, no quorum, nobody who decides."""

from __future__ import annotations

from collections.abc import Sequence

from app.meetings.booking.rules import agencies_without_decision_maker, quorum_missing
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, MeetingState

ABSENT = (Answer.DECLINED, Answer.DEPUTY, Answer.REPORT)  # a report is not at the table


def cautions_about(
    meeting: Meeting, there: Sequence[Invitee], *, may_chair: bool
) -> tuple[str, ...]:
    """The chair, the quorum and the decision-makers of those who are still expected (C8, E5).

    `may_chair`: whether whoever was to chair works here still, and may.
    """
    if meeting.state not in (MeetingState.BOOKED, MeetingState.UNDER_WAY):
        return ()
    expected = [one for one in there if one.answer not in ABSENT and not one.has_left]
    found = [
        f"{one.name} cannot chair it: change the booking and choose another chair."
        for one in there
        if one.staff_id is not None
        and one.staff_id == meeting.chair_id
        and (one.answer in ABSENT or not may_chair)
    ]
    found += [
        f"Nobody is expected from {kind.label.lower()}."
        for kind in quorum_missing(one.agency_kind for one in expected)
    ]
    found += [
        f"{agency}: nobody expected can decide on its behalf."
        for agency in agencies_without_decision_maker(
            (one.agency_name, one.decision_maker) for one in expected
        )
    ]
    return tuple(found)
