"""The chair's page in plain values: questions, answers, who is here, what is missing."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.types import Attendance

MEETING = "meeting"


def child_scope(child_id: int) -> str:
    """Whose answer a field is: this child's."""
    return f"child:{child_id}"


def person_scope(invitee_id: int) -> str:
    """Whose words a field holds: this invitee's."""
    return f"invitee:{invitee_id}"


def dissent_scope(dissent_id: int) -> str:
    """Whose words a mark withholds from some readers: those of this disagreement."""
    return f"dissent:{dissent_id}"


def anchor(scope: str, field: str) -> str:
    """The id of a field's control on the page: `child-12-section_47-reason`."""
    return f"{scope}-{field}".replace(":", "-").replace(".", "-")


class Kind(enum.Enum):
    """How a question is answered."""

    CHOICE = "choice"
    TICK = "tick"
    TEXT = "text"
    LINE = "line"
    MOMENT = "moment"  # words such as "tomorrow 10 am", kept as a full date
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str


YES_NO = (Option("yes", "Yes"), Option("no", "No"))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether a question is asked: the child's own answers and a few facts."""

    answers: Mapping[str, str]
    unborn: bool = False
    in_hospital: bool = False

    def says(self, key: str, *values: str) -> bool:
        return self.answers.get(key, "") in values


Condition = Callable[[Circumstances], bool]


def always(_: Circumstances) -> bool:
    return True


def never(_: Circumstances) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Question:
    """One thing a discussion has to settle, and what belongs to it.

    `required`: sign-off waits for an answer or for "not decided, because ..." (F1).
    `reason`: when the answer needs one. `headline`: stands on the record's first page.
    `protectable`: the words may be withheld from some readers (F4).
    """

    key: str
    label: str
    kind: Kind
    source: str
    hint: str = ""
    options: tuple[Option, ...] = ()
    asked: Condition = always
    required: Condition = always
    reason: Condition = never
    reason_label: str = "Reason"
    headline: bool = False
    protectable: bool = False
    undecidable: bool = True

    @property
    def reason_key(self) -> str:
        return f"{self.key}.reason"

    @property
    def not_decided_key(self) -> str:
        return f"{self.key}.not_decided"

    @property
    def protected_key(self) -> str:
        return f"{self.key}.protected"


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are talked about together."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """The words are kept. `value` is what is kept: a date typed in words comes back in full."""

    version: int
    value: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two people wrote in one field. Nothing was saved; both texts are here (E1)."""

    version: int
    theirs: str
    mine: str
    who: str
    at: datetime


class Merge(enum.Enum):
    """What becomes of words that arrive for a field."""

    WRITE = "write"
    SAME = "same"  # already there
    UNTOUCHED = "untouched"  # an old page sends what it was given: the newer words stay
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ChildAnswers:
    id: int
    name: str
    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class PersonHere:
    """An invitee as the gate sees them."""

    id: int
    name: str
    kind: AgencyKind
    attendance: Attendance | None
    is_team: bool = False
    attended_name: str = ""
    not_known: str = ""  # why nobody knows whether they took part, or who it was


@dataclass(frozen=True, slots=True)
class ActionLine:
    id: int
    what: str
    owner_id: int | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class DiscussionSnapshot:
    """Everything that the sign-off gate looks at (F1)."""

    meeting: Mapping[str, str]
    children: tuple[ChildAnswers, ...]
    people: tuple[PersonHere, ...]
    actions: tuple[ActionLine, ...]
    dissents: int
    # Started at once, without a word why: asked for afterwards (C11).
    start_reason_owed: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing the record still lacks, and the id of the control that mends it."""

    what: str
    anchor: str
    child_id: int | None = None


@dataclass(frozen=True, slots=True)
class ActionOrder:
    """An action as it was said: `due` in words, owner and child by id (E3). `protects`: why some
    readers of the record may not see what and why (F4)."""

    what: str
    owner_id: int | None
    due: str
    child_id: int | None = None
    why: str = ""
    protects: str = ""


@dataclass(frozen=True, slots=True)
class DissentOrder:
    """Who disagrees, with what, why (E4)."""

    invitee_id: int | None
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who was not invited and is on the line all the same."""

    name: str
    title: str
    role: ProfessionalRole
    agency_name: str
    agency_kind: AgencyKind
    email: str = ""
    attendance: Attendance = Attendance.BY_PHONE
    decision_maker: bool = False


def name_of_field(scope: str, field: str) -> str:
    """The name of a field's control: `child:12/section_47.reason`."""
    return f"{scope}/{field}"


@dataclass(frozen=True, slots=True)
class Typed:
    """One field of the page as it was sent."""

    scope: str
    field: str
    value: str
    base_version: int

    @property
    def name(self) -> str:
        return name_of_field(self.scope, self.field)


@dataclass(frozen=True, slots=True)
class Press:
    """Which button was pressed: what it does, and to what."""

    what: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class PageKept:
    """What became of a page sent as a whole: what could not be kept, by field name."""

    conflicts: Mapping[str, Conflict] = dataclass_field(default_factory=dict)
    # What was typed, and why it was refused.
    refused: Mapping[str, tuple[str, str]] = dataclass_field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything was kept."""
        return not self.conflicts and not self.refused
