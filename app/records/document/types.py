"""What a record holds, as plain values that never change.

One set of shapes serves twice: with `Protected` passages it is what the chair signs, with
`Disclosed` and `Withheld` ones it is what a single reader may see. The type variable says which.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

OFFICIAL_SENSITIVE = "OFFICIAL-SENSITIVE"
SHORTEST_BLINDING = 32
# A field that came later: spelled only where it says something, so that what was signed before
# keeps its spelling.
LEFT_OUT_IF_NONE = {"left_out_if_none": True}


class ProtectedKind(StrEnum):
    """Why a passage is not for everybody (F4)."""

    ADDRESS = "address"
    REFERRER = "referrer"
    HEALTH_OF_OTHERS = "health_of_others"
    LATE_REASON = "late_reason"


KIND_WORDS: dict[ProtectedKind, str] = {
    ProtectedKind.ADDRESS: "address",
    ProtectedKind.REFERRER: "referrer",
    ProtectedKind.HEALTH_OF_OTHERS: "health of others",
    ProtectedKind.LATE_REASON: "why it was late",
}


class AgencyKind(StrEnum):
    """The sort of agency a reader belongs to; what may be seen hangs on it."""

    SOCIAL_CARE = "social_care"
    POLICE = "police"
    HEALTH = "health"
    EDUCATION = "education"
    FOSTERING = "fostering"
    EARLY_HELP = "early_help"
    PROBATION = "probation"
    HOUSING = "housing"
    YOUTH_OFFENDING = "youth_offending"
    OTHER = "other"


class Presence(StrEnum):
    """How an invited person took part (E1)."""

    IN_PERSON = "in_person"
    BY_PHONE = "by_phone"
    JOINED_LATE = "joined_late"
    REPORT_ONLY = "report_only"
    ABSENT = "absent"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Protected:
    """A passage that only some readers may see.

    `agency_id` names the agency that brought it, or has to act on it, and `person_id` the person
    whom it names, or who does, so that nobody is refused what is their own. A person has several
    marks, parted by blanks; one in common is enough. Empty where there is none.
    """

    kind: ProtectedKind
    text: str
    agency_id: str = ""
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A protected passage in the copy of a reader who may see it."""

    kind: ProtectedKind
    text: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """The place of a protected passage in the copy of a reader who may not see it.

    It keeps the kind and nothing else: not even the length of what was left out.
    """

    kind: ProtectedKind

    @property
    def label(self) -> str:
        return f"Withheld: {KIND_WORDS[self.kind]}"


Shown: TypeAlias = Disclosed | Withheld
P = TypeVar("P")
Prose: TypeAlias = tuple[str | P, ...]
"""Running text; protected passages stand between the open ones, in reading order."""


@dataclass(frozen=True, slots=True)
class Meeting(Generic[P]):
    """When and how the discussion was held. `place` is words for people, never a PIN; protected
    where it is the child's home (F4)."""

    started_at: datetime
    ended_at: datetime
    format: str
    place: str | P
    chair_name: str
    chair_role: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signed the content, and why it was not the chair, where it was not (F1, TIMING)."""

    name: str
    role: str
    signed_at: datetime
    instead_of_chair: str = ""


@dataclass(frozen=True, slots=True)
class ClockLine(Generic[P]):
    """One deadline of the discussion as it stood at sign-off; `met` is None while it still runs.

    `reason_late` is for social care alone; what was signed before was not protected, and has it as
    open words.
    """

    name: str
    due_at: datetime
    met: bool | None
    rule: str
    source: str
    reason_late: str | P = ""


@dataclass(frozen=True, slots=True)
class Decision(Generic[P]):
    """A question the discussion had to answer for a child, its answer and why (BROMLEY 3, 4).

    `headline` decisions stand on the first page.
    """

    question: str
    answer: str
    reason: Prose[P] = ()
    headline: bool = False


@dataclass(frozen=True, slots=True)
class Child(Generic[P]):
    """A child who was discussed. An unborn child has a due date in place of a date of birth."""

    name: str
    date_of_birth: date | None
    due_date: date | None
    case_reference: str
    address: P | None
    decisions: tuple[Decision[P], ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """One invited person: there, on the telephone, by report, or not at all."""

    name: str
    role: str
    agency: str
    presence: Presence
    decision_maker: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Quorum(Generic[P]):
    """Whether social care, police and health took part, and why the chair went on without (E5)."""

    met: bool
    summary: str
    reason: str | P = ""


@dataclass(frozen=True, slots=True)
class Information(Generic[P]):
    """What one agency brought to the discussion."""

    agency: str
    given_by: str
    text: Prose[P]


@dataclass(frozen=True, slots=True)
class Analysis(Generic[P]):
    """One heading of the discussion's reasoning."""

    heading: str
    text: Prose[P]


@dataclass(frozen=True, slots=True)
class Action(Generic[P]):
    """Who does what by when, and why (E3); the words of either may be protected.

    `child` is empty where it is for all of them; `child_place` is the child's place in the record,
    from 0, because two may have one name. Records signed before there was such a place have none.
    """

    number: int
    what: str | P
    who: str
    agency: str
    due: datetime | date
    why: str | P
    child: str = ""
    child_place: int | None = field(default=None, metadata=LEFT_OUT_IF_NONE)


@dataclass(frozen=True, slots=True)
class Dissent(Generic[P]):
    """A person who disagreed, with what, and why (E4)."""

    name: str
    agency: str
    about: str | P
    reason: Prose[P]


@dataclass(frozen=True, slots=True)
class Record(Generic[P]):
    """One version of the record of one strategy discussion."""

    reference: str
    version: int
    authority: str
    meeting: Meeting[P]
    sign_off: SignOff
    protocol: str
    protocol_version: str
    clocks: tuple[ClockLine[P], ...]
    children: tuple[Child[P], ...]
    attendance: tuple[Attendance, ...]
    quorum: Quorum[P]
    information: tuple[Information[P], ...]
    analysis: tuple[Analysis[P], ...]
    actions: tuple[Action[P], ...]
    dissent: tuple[Dissent[P], ...]
    referrer: P | None = None
    correction_reason: str = ""
    # Why nobody was asked whether they disagree (F1).
    dissent_not_asked: str | None = field(default=None, metadata=LEFT_OUT_IF_NONE)
    marking: str = OFFICIAL_SENSITIVE


RecordView: TypeAlias = Record[Shown]


@dataclass(frozen=True, slots=True)
class RecordContent:
    """What the chair signs: the whole record, and a random value that blinds its hash.

    Every copy bears the hash. Without the blinding a reader could try names until the hash fits,
    and so learn the referrer whom the copy withholds. It is made once for each version
    (`canonical.new_blinding`), kept with the content, and never leaves in a copy.
    """

    record: Record[Protected]
    blinding: str

    def __post_init__(self) -> None:
        if len(self.blinding) < SHORTEST_BLINDING:
            raise ValueError(
                "The blinding is too short to hide what a copy withholds: "
                "make it with canonical.new_blinding()."
            )


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose copy it is. `person_id` and `agency_id` are matched with those of a passage;
    `person_id` holds every mark of the person, parted by blanks.

    `is_council`: the council's own copy, which alone says what a former version said.
    """

    name: str
    role: str
    agency: str
    agency_kind: AgencyKind
    agency_id: str
    person_id: str
    is_council: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A place that a correction changed. `before` is empty but in the council's own copy.

    `count`: how many were taken out there, where they are not named.
    """

    section: str
    label: str
    what: str
    now: str
    before: str = ""
    count: int = 0


class ExtractKind(StrEnum):
    """Which part of a record stands by itself (F6)."""

    CHILD = "child"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class Extract:
    """That a copy is only a part: of which child or agency, and what it leaves out."""

    kind: ExtractKind
    subject: str
    note: str


@dataclass(frozen=True, slots=True)
class ReaderRecord:
    """A copy before it is printed: what this reader may see, and the hash of what was signed.

    Two readers who may see the same have equal views, and share the printed pages. `changes`: what
    this version says otherwise than the one before it; `extract`: where it is only a part.
    """

    reader: Reader
    view: RecordView
    canonical_sha256: str
    changes: tuple[Change, ...] = ()
    extract: Extract | None = None

    def shares_pages_with(self, other: ReaderRecord) -> bool:
        """Whether everything but the reader's name is the same."""
        return replace(self, reader=other.reader) == other
