"""Booking in the field's words: who is proposed and why, which slots are free, what is ordered."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from app.directory.rules import is_at_work, working_hours_in_words
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.types import Answer, Format, MeetingState
from app.protocols.working_days import is_bank_holiday
from app.referrals.employers import NOBODYS, Employers
from app.referrals.types import Concern, Flag

_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody works, as the directory holds it: weekdays as digits, Monday is 1, and local
    times ("09:00"). Empty where that is not known."""

    days: str = ""
    opens: str | None = None
    closes: str | None = None

    @property
    def words(self) -> str:
        return working_hours_in_words(self.days, self.opens, self.closes)

    def cover(self, start: datetime, end: datetime) -> bool:
        """Whether they are at work for the whole of it; true where nothing is known."""
        return all(
            is_at_work(self.days, self.opens, self.closes, moment, is_bank_holiday)
            for moment in (start, end - _A_MINUTE)
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the directory, as the rules see them."""

    id: int
    name: str
    role: ProfessionalRole
    title: str
    agency_id: int
    agency_name: str
    agency_kind: AgencyKind
    email: str | None
    telephone: str | None
    is_team: bool
    decision_maker: bool
    away_until: datetime | None
    works_days: str = ""
    works_from: str | None = None
    works_to: str | None = None

    @property
    def hours(self) -> WorkingHours:
        return WorkingHours(self.works_days, self.works_from, self.works_to)


@dataclass(frozen=True, slots=True)
class HeldMeeting:
    """A discussion as the booking page reads it."""

    id: int
    ref: str
    state: MeetingState
    format: Format
    due_at: datetime | None
    started_at: datetime | None
    clocks: Mapping[str, Any]
    chair_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    place: str | None
    line_id: int | None
    typed_dial_in: str | None
    late_reason: str | None
    sooner_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OnTheList:
    """Somebody who is invited already."""

    id: int
    staff_id: int | None
    name: str
    title: str
    role: ProfessionalRole
    agency_name: str
    agency_kind: AgencyKind
    decision_maker: bool
    why: str
    answer: Answer
    professional_id: int | None
    agency_id: int | None
    rule_id: str | None


@dataclass(frozen=True, slots=True)
class Involved:
    """A professional who works with one of the children (A2)."""

    person: Person
    actively_involved: bool
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who referred; `person` where the referrer is in the directory."""

    name: str | None
    title: str | None
    agency_id: int
    agency_name: str
    agency_kind: AgencyKind
    person: Person | None
    # Children's social care itself does not invite itself twice.
    email: str | None = None
    telephone: str | None = None


class OutsideKind(enum.Enum):
    """What works with a child but is not in the directory, by the field it was typed in (A2)."""

    SCHOOL = "school"
    GP = "gp"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Outside:
    """A school, practice or clinic as it was typed: name, perhaps a number, in any order."""

    kind: OutsideKind
    words: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the rules of C2 and C3 ask of a case."""

    concerns: frozenset[Concern] = frozenset()
    flags: frozenset[Flag] = frozenset()
    looked_after: bool = False
    hospital: str | None = None
    referrer: Referrer | None = None
    involved: tuple[Involved, ...] = ()
    # Where an alleged perpetrator works: never proposed (C2).
    employers: Employers = NOBODYS
    outside: tuple[Outside, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One place at the table. `person` is empty where nobody in the directory can take it.

    `options` are who could come instead. `required` marks the quorum: social care, police,
    health (C2). `key` is stable while the page is open.
    """

    key: str
    rule_id: str
    role: ProfessionalRole
    agency_kind: AgencyKind
    person: Person | None
    why: str
    source: str
    required: bool = False
    options: tuple[Person, ...] = ()
    # A referrer who is not in the directory comes by name.
    typed: TypedPerson | None = None


class Chair(NamedTuple):
    """The member of staff who chairs."""

    id: int
    name: str
    email: str
    telephone: str | None


@dataclass(frozen=True, slots=True)
class TypedPerson:
    """Somebody who is not in the directory."""

    name: str
    title: str
    agency_name: str
    email: str | None
    telephone: str | None = None
    role: ProfessionalRole = ProfessionalRole.OTHER
    agency_kind: AgencyKind = AgencyKind.OTHER
    decision_maker: bool = False


@dataclass(frozen=True, slots=True)
class FormatChoice:
    """Which format the rule asks for, why, and who says so (C3)."""

    format: Format
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Local times, and the days on which the council is closed."""

    opens: time
    closes: time
    closure_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class CouncilFacts:
    """What booking asks of the council's settings."""

    desk_name: str
    desk_telephone: str
    out_of_hours_telephone: str
    meeting_place: str
    secure_domains: frozenset[str]
    office: OfficeHours


Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Diary:
    """What is taken already: quarters of lines, meetings of the chair and of the invitees."""

    lines: tuple[tuple[int, str], ...]  # id and name, in the order of choice
    taken: Mapping[int, frozenset[datetime]] = field(default_factory=dict)
    chair: tuple[Span, ...] = ()
    people: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    away: Mapping[str, datetime] = field(default_factory=dict)  # until when
    hours: tuple[tuple[str, WorkingHours], ...] = ()  # of those who have some, by name
    asked: int = 0  # how many people's diaries this takes into account
    telephones: Mapping[int, str] = field(default_factory=dict)  # of the lines


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that chair and a line are free for. Times are UTC."""

    start: datetime
    end: datetime
    line_id: int | None
    line_name: str
    why: str
    after_deadline: bool
    out_of_hours: bool
    busy: tuple[str, ...]  # invitees who are in another discussion then, or away
    not_at_work: tuple[str, ...] = ()  # by the hours that the directory holds


@dataclass(frozen=True, slots=True)
class Chosen:
    """One person to invite: from the directory by id, or typed."""

    why: str
    professional_id: int | None = None
    typed: TypedPerson | None = None
    rule_id: str | None = None
    telephone_only: bool = False
    field: str = "people"  # the row in which a refusal about this person is shown

    def part(self, name: str) -> str:
        """The control a refusal is about: one of the row, or the list where there are no rows."""
        return self.field if self.field == "people" else f"{self.field}-{name}"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A proposal that was not taken up, and why (C2)."""

    rule_id: str
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class TypedDialIn:
    """A dial-in that is none of the council's lines: another team's, or the chair's own."""

    telephone: str
    pin: str = ""


@dataclass(frozen=True, slots=True)
class BookingOrder:
    """Everything the booking page decides. `line_id` empty means: any line that is free, and none
    where there is a typed dial-in."""

    starts_at: datetime
    minutes: int
    format: Format
    place: str | None
    chair_id: int
    line_id: int | None
    people: tuple[Chosen, ...]
    left_out: tuple[Leaving, ...] = ()
    late_reason: str | None = None
    dial_in: TypedDialIn | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    invitee_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """What changes. Empty fields stay as they are (C7)."""

    starts_at: datetime | None = None
    minutes: int | None = None
    format: Format | None = None
    place: str | None = None
    chair_id: int | None = None
    line_id: int | None = None
    new_pin: bool = False
    removals: tuple[Removal, ...] = ()
    additions: tuple[Chosen, ...] = ()
    late_reason: str | None = None
    dial_in: TypedDialIn | None = None
    # Why a typed dial-in stays although somebody who knows it is removed (C4).
    dial_in_kept: str | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Sending one invitation again, as said on its page. `email` is empty for the address there is;
    `told` means that the page told who gets a new PIN; `theirs` that the address there is is their
    own, where mail does not get through."""

    email: str | None = None
    checked: bool = False
    told: bool = False
    dial_in: TypedDialIn | None = None
    dial_in_kept: str | None = None
    theirs: bool = False
