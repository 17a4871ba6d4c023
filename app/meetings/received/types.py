"""Mail that came in, and what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from app.meetings.types import Answer, Format, MeetingState


class Outcome(enum.Enum):
    """What became of a mail without a person."""

    NOTED = "noted"  # the answer stands with the invitee
    OLDER = "older"  # an answer to an earlier version of the entry: shown, and not counted
    OVERTAKEN = "overtaken"  # a later answer was here before it
    RETURNED = "returned"  # the message it returns is marked as returned
    AWAY = "away"  # an automatic reply of somebody whose answer is known: shown with them
    NO_EFFECT = "no_effect"  # a receipt, or no to what was cancelled anyway
    LOOK = "look"  # a person has to look at it

    @property
    def label(self) -> str:
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.NOTED: "Answer noted",
    Outcome.OLDER: "Answer to an earlier version of the invitation",
    Outcome.OVERTAKEN: "A later answer stands",
    Outcome.RETURNED: "Noted as returned",
    Outcome.AWAY: "Shown with the invitee",
    Outcome.NO_EFFECT: "Nothing to do",
    Outcome.LOOK: "To look at",
}


class Why(enum.Enum):
    """Why a person has to look at a mail."""

    WRITTEN = "written"
    AWAY = "away"
    AUTOMATIC = "automatic"
    COUNTER = "counter"
    DELEGATED = "delegated"
    NO_ANSWER = "no_answer"
    NOT_ON_FILE = "not_on_file"
    OTHER_PERSON = "other_person"
    OTHER_SENDER = "other_sender"
    NO_LONGER_INVITED = "no_longer_invited"
    OVER = "over"
    OTHER_VERSION = "never_sent"  # first used for a version that was never sent
    RETURNED_UNKNOWN = "returned_unknown"
    DELAYED = "delayed"
    UNREADABLE = "unreadable"

    @property
    def words(self) -> str:
        """What it is, and what to do."""
        return _WHY[self]


_WHY = {
    Why.WRITTEN: "Somebody wrote. Read it; if it is an answer, note it.",
    Why.AWAY: "An automatic reply, and there is no answer yet. Telephone, or ask who stands in.",
    Why.AUTOMATIC: "An automatic message that belongs to no invitation we know of.",
    Why.COUNTER: "Another time is proposed. The meeting was not moved: decide, then tell them.",
    Why.DELEGATED: "A colleague is named to come instead. Nobody was invited: telephone, then "
    "invite the colleague or ask for the link to be used.",
    Why.NO_ANSWER: "An answer by calendar that says neither yes nor no.",
    Why.NOT_ON_FILE: "An answer to an invitation that was not sent from here.",
    Why.OTHER_PERSON: "An answer in the name of somebody who was not invited with this entry.",
    Why.OTHER_SENDER: "It came from another address than the one that was invited. Telephone the "
    "invitee before you note it.",
    Why.NO_LONGER_INVITED: "An answer of somebody who is no longer invited, or whom a colleague "
    "replaces. Make sure that they know.",
    Why.OVER: "An answer to a meeting that is over or was cancelled. Make sure that they know.",
    Why.OTHER_VERSION: "An answer to another version of the invitation than the one that was sent "
    "last, and not the answer that is noted. Telephone, and note what holds.",
    Why.RETURNED_UNKNOWN: "A returned message that is not one of ours, or does not say which.",
    Why.DELAYED: "A message has not arrived yet; the other mail server goes on trying. Telephone.",
    Why.UNREADABLE: "It could not be read here. Open the original.",
}


@dataclass(frozen=True, slots=True)
class Held:
    """What is on file of the invitee whose entry is answered."""

    email: str = field(repr=False)
    sequence: int
    answer: Answer
    answered_at: datetime | None
    state: MeetingState
    format: Format
    removed: bool
    replaced: bool  # a colleague comes instead


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with an answer by calendar. `answer` is noted where it is given."""

    outcome: Outcome
    why: Why | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of one mail, for whoever handed it over."""

    ref: str
    outcome: Outcome
    before: bool = False  # it had been taken in already


@dataclass(frozen=True, slots=True)
class NotRead:
    """A mailbox that is tried and cannot be read: since when, when it last could, and why."""

    since: datetime
    read_at: datetime | None
    problem: str
