"""What an entry in the calendar says of a discussion: when and where it is, how to dial in, and how
those who were invited answered (D1, D2)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.invitations.types import Appointment, DialIn, PartStat
from app.meetings import rules
from app.meetings.models import Meeting
from app.meetings.queries import Place, words_of_case
from app.meetings.types import Answer, Format, dial_in_parts

CALL_LOCATION = "Telephone conference"

PARTSTATS = {
    Answer.NONE: PartStat.NEEDS_ACTION,
    Answer.ATTEND: PartStat.ACCEPTED,
    Answer.DIAL_IN: PartStat.ACCEPTED,
    Answer.TENTATIVE: PartStat.TENTATIVE,
    Answer.REPORT: PartStat.DECLINED,
    Answer.DEPUTY: PartStat.DECLINED,
    Answer.DECLINED: PartStat.DECLINED,
}


def appointment_of(meeting: Meeting, place: Place, location: str) -> Appointment:
    """What everyone's entry says; `location` as `location_told` gives it.

    Raises ValueError for a discussion without a time.
    """
    if meeting.starts_at is None or meeting.ends_at is None:
        raise ValueError("a discussion without a time has no calendar entry")
    return Appointment(
        reference=meeting.ref,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location=location,
        dial_in=_dial_in(meeting, place),
    )


def _dial_in(meeting: Meeting, place: Place) -> DialIn | None:
    if place.telephone and place.pin:
        return DialIn(place.telephone, place.pin)
    return DialIn(*dial_in_parts(meeting.typed_dial_in)) if meeting.typed_dial_in else None


def location_of(format_: Format, place: str | None) -> str:
    """Where it is held."""
    return CALL_LOCATION if format_ is Format.CALL or not place else place


def location_told(session: Session, meeting_id: int, format_: Format, place: str | None) -> str:
    """What stands as the place in letters and calendars: empty, so that people telephone for it,
    where the place would give the child, the home or the school away (D2)."""
    location = location_of(format_, place)
    if location == CALL_LOCATION:
        return location
    return "" if rules.gives_away(location, *words_of_case(session, meeting_id)) else location
