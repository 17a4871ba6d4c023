"""What the chair's page displays, piece by piece: plain values, prepared in `page`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.meetings.discussion.types import Missing


class Choice(NamedTuple):
    id: str
    value: str
    label: str
    checked: bool


class ConflictShown(NamedTuple):
    """Somebody else's words, beside one's own in the field (E1)."""

    theirs: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One control: choice, tick, text, line or select."""

    id: str
    name: str
    scope: str
    field: str
    kind: str
    label: str
    value: str
    version: int
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    written: str = ""
    conflict: ConflictShown | None = None
    error: str = ""


class ToldShown(NamedTuple):
    """What was told by mail of this child, empty where nothing was."""

    scope: str
    words: str


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """A question with what belongs to it. `id` and `reason_id` are blocks that come and go."""

    id: str
    shown: bool
    main: FieldShown
    reason_id: str
    reason_shown: bool
    reason: FieldShown | None
    not_decided: FieldShown | None
    protected: FieldShown | None
    more_words: str
    more_open: bool
    told: ToldShown | None = None  # at the question of the conference


@dataclass(frozen=True, slots=True)
class GroupShown:
    title: str
    questions: tuple[QuestionShown, ...]


@dataclass(frozen=True, slots=True)
class ChildShown:
    id: int
    anchor: str
    name: str
    about: str
    groups: tuple[GroupShown, ...]
    siblings: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ReportShown:
    id: int
    body: str
    file_name: str
    via: str
    received: str


@dataclass(frozen=True, slots=True)
class RemovedShown:
    """Somebody who was removed after they had sent a report, or something was written of what
    their agency knows."""

    name: str
    agency: str
    reports: tuple[ReportShown, ...]
    information: FieldShown | None
    protected: FieldShown


@dataclass(frozen=True, slots=True)
class ReplacedShown:
    """Somebody who sent a colleague, with the control for the case that they come after all."""

    name: str
    attendance: FieldShown


@dataclass(frozen=True, slots=True)
class PersonShown:
    id: int
    name: str
    title: str
    agency: str
    telephone: str
    answer: str
    instead_of: tuple[ReplacedShown, ...]
    may_decide: bool
    take_off: bool  # was added during the discussion: may be by mistake
    attendance: FieldShown
    attended: tuple[FieldShown, ...]
    not_known: FieldShown | None
    information: FieldShown
    protected: FieldShown
    reports: tuple[ReportShown, ...]


@dataclass(frozen=True, slots=True)
class ActionShown:
    id: int
    what: str
    why: str
    owner: str
    due: str
    due_at: datetime
    child: str
    protects: str  # why it is not for every reader of the record, in words


@dataclass(frozen=True, slots=True)
class DissentShown:
    """`stands`: who resolves it by when, or how it ended. `struck`: when and why it was struck;
    `strike`: the number under which it can be, 0 where it cannot."""

    who: str
    what: str
    why: str
    stands: str
    struck: str
    strike: int
    protected: FieldShown


class ClockShown(NamedTuple):
    """How long it has gone on, or when it begins; `runs` while the discussion is under way."""

    words: str
    at: datetime | None
    runs: bool


@dataclass(frozen=True, slots=True)
class HoldPage:
    ref: str
    read_at: datetime
    state: str
    state_text: str
    can_start: bool
    can_end: bool
    can_sign: bool
    read_only: bool
    read_only_words: str
    clock: ClockShown
    chair: str
    dial_in: str
    pin: str
    place: str
    here: str
    saved: str
    agenda_standard: tuple[str, ...]
    agenda: FieldShown
    agenda_protected: FieldShown
    children: tuple[ChildShown, ...]
    people: tuple[PersonShown, ...]
    speakers: tuple[PersonShown, ...]  # and whoever had something written before being replaced
    removed: tuple[RemovedShown, ...]
    analysis: tuple[QuestionShown, ...]
    quorum_words: str
    quorum_reason: FieldShown
    quorum_protected: FieldShown
    start_reason: FieldShown | None
    times_protected: FieldShown
    times_reason: FieldShown | None
    times: str  # when it was held, as far as it has
    can_correct_times: bool
    start_protected: FieldShown
    dissent_asked: FieldShown
    dissent_not_asked: FieldShown | None
    dissents: tuple[DissentShown, ...]
    actions: tuple[ActionShown, ...]
    actions_mark: str
    people_mark: str
    missing: tuple[Missing, ...]
    troubles: tuple[tuple[str, str], ...]
