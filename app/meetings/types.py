"""The strategy discussion in the field's words."""

from __future__ import annotations

import enum

# Stands as the reason of a discussion that began before anybody could write one (C11).
STARTED_AT_ONCE = "Started at once: the reason is asked for afterwards."


_PIN = ", PIN "


def dial_in_text(telephone: str, pin: str) -> str:
    """A dial-in that somebody typed, as it is kept."""
    return f"{telephone}{_PIN}{pin}" if pin else telephone


def dial_in_parts(text: str) -> tuple[str, str]:
    """Number and PIN of a typed dial-in; the PIN may be empty."""
    telephone, _, pin = text.partition(_PIN)
    return telephone, pin


class MeetingState(enum.Enum):
    NEEDED = "needed"  # decided, not yet booked
    BOOKED = "booked"
    UNDER_WAY = "under_way"
    ENDED = "ended"  # the record's clock runs
    SIGNED = "signed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return {
            "needed": "To be booked",
            "booked": "Booked",
            "under_way": "Under way",
            "ended": "Ended, record not signed",
            "signed": "Record signed",
            "cancelled": "Cancelled",
        }[self.value]


class Format(enum.Enum):
    """A call, or face to face for serious or complex concerns (BROMLEY 2, C3)."""

    CALL = "call"
    MEETING = "meeting"
    HOSPITAL = "hospital"

    @property
    def label(self) -> str:
        return {
            "call": "Telephone conference",
            "meeting": "Strategy meeting, face to face",
            "hospital": "Strategy meeting at the hospital",
        }[self.value]


class Route(enum.Enum):
    """How the discussion came about (C11)."""

    BOOKED = "booked"
    STARTED_NOW = "started_now"
    ALREADY_HELD = "already_held"


class Answer(enum.Enum):
    """What an invitee said (D4). The last two do not count as being there."""

    NONE = "none"
    ATTEND = "attend"
    DIAL_IN = "dial_in"
    TENTATIVE = "tentative"
    REPORT = "report"
    DEPUTY = "deputy"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        return {
            "none": "No answer yet",
            "attend": "Will attend",
            "dial_in": "Will dial in",
            "tentative": "May attend",
            "report": "Sends a report",
            "deputy": "A colleague comes instead",
            "declined": "Cannot attend",
        }[self.value]


class TakenBack(enum.Enum):
    """How it stands with a signed record whose newest version was recalled (F5)."""

    WAITS = "waits"  # for a corrected version, or to be closed
    CLOSED = "closed"  # none follows


class Attendance(enum.Enum):
    """Who is here (E1)."""

    IN_PERSON = "in_person"
    BY_PHONE = "by_phone"
    JOINED_LATE = "joined_late"
    REPORT_ONLY = "report_only"
    ABSENT = "absent"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class ReportVia(enum.Enum):
    LINK = "link"
    EMAIL = "email"
    TELEPHONE = "telephone"


class ActionState(enum.Enum):
    OPEN = "open"
    DONE = "done"
    NOT_POSSIBLE = "not_possible"

    @property
    def label(self) -> str:
        return {"open": "Still to do", "done": "Done", "not_possible": "Not possible"}[self.value]


class MessageKind(enum.Enum):
    """Why a message went to an invitee."""

    INVITATION = "invitation"
    UPDATE = "update"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    CODE = "code"
    RECORD = "record"
    ACTIONS = "actions"
