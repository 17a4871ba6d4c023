"""The words of a protocol: clocks, rules, facts, and the deadlines that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from app.protocols.ways import Rating as Rating
from app.protocols.ways import Ways

FIRST_YEAR = 1990
LAST_YEAR = 2100
NO_WAYS = Ways()
FIRST_MOMENT = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)


class Clock(StrEnum):
    """A deadline that the work runs on. The order is the order of the work."""

    CONTACT_DECISION = "contact_decision"
    INFORMATION_GATHERING = "information_gathering"
    DOMESTIC_ABUSE_DISCUSSION = "domestic_abuse_discussion"
    STRATEGY_DISCUSSION = "strategy_discussion"
    RECORD_CIRCULATED = "record_circulated"
    ICPC_REFERRAL = "icpc_referral"
    ICPC_HELD = "icpc_held"
    ASSESSMENT = "assessment"


class Unit(StrEnum):
    """How the time of a rule is counted."""

    HOURS = "hours"
    SAME_DAY = "same_day"
    SAME_DAY_OR_NEXT_WORKING_DAY = "same_day_or_next_working_day"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"

    @property
    def counts(self) -> bool:
        """Whether a rule in this unit needs a number."""
        return self not in (Unit.SAME_DAY, Unit.SAME_DAY_OR_NEXT_WORKING_DAY)


class Kind(StrEnum):
    """A standard rule holds unless an exception does."""

    STANDARD = "standard"

    @property
    def label(self) -> str:
        return f"{self.value.capitalize()} risk"

    EXCEPTION = "exception"


class Force(StrEnum):
    """How binding the source makes a rule; missed targets are not missed limits."""

    LIMIT = "limit"
    TARGET = "target"
    PLAN = "plan"


class StartFact(StrEnum):
    """The moments from which a clock can run."""

    RECEIVED_AT = "received_at"
    IDENTIFIED_AT = "identified_at"
    NEED_IDENTIFIED_AT = "need_identified_at"
    IMMEDIATE_ACTION_AT = "immediate_action_at"
    MEETING_ENDED_AT = "meeting_ended_at"
    SECTION47_STARTED_AT = "section47_started_at"
    ICPC_DECIDED_AT = "icpc_decided_at"


class Flag(StrEnum):
    """What is known about the concern and changes a clock."""

    SERIOUS_HARM = "serious_harm"
    PENETRATIVE_SEXUAL_ABUSE = "penetrative_sexual_abuse"
    FORENSIC_EVIDENCE = "forensic_evidence"
    IMMEDIATE_ACTION = "immediate_action"
    COMPLEX = "complex"


class DomesticAbuseRisk(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    STANDARD = "standard"

    @property
    def label(self) -> str:
        return f"{self.value.capitalize()} risk"


class Every(StrEnum):
    """How often a list is gone through."""

    WORKING_DAY = "working_day"
    WEEK = "week"


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"


class FormKind(StrEnum):
    """A form that an area sends by name."""

    POLICE_REQUEST = "police_request"
    MEDICAL = "medical"


class FactsError(ValueError):
    """A fact that cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the clocks of one case are worked out from. Moments are aware and kept in UTC."""

    received_at: datetime | None = None
    identified_at: datetime | None = None
    need_identified_at: datetime | None = None
    immediate_action_at: datetime | None = None
    meeting_ended_at: datetime | None = None
    section47_started_at: datetime | None = None
    icpc_decided_at: datetime | None = None
    flags: frozenset[Flag] = frozenset()
    rag: Rating | None = None
    domestic_abuse: DomesticAbuseRisk | None = None

    def __post_init__(self) -> None:
        for fact in StartFact:
            moment = self.at(fact)
            if moment is None:
                continue
            if moment.tzinfo is None or moment.utcoffset() is None:
                raise FactsError(
                    f"{fact} has no offset from UTC: write it like 2026-11-18T09:00:00+00:00."
                )
            # A mistyped century must not reach date arithmetic, which ends at the year 9999.
            if not FIRST_MOMENT <= moment < END_OF_TIME:
                raise FactsError(
                    f"{fact} is in the year {moment.year}: "
                    f"give a year from {FIRST_YEAR} to {LAST_YEAR}."
                )
            object.__setattr__(self, fact.value, moment.astimezone(UTC))

    def at(self, fact: StartFact) -> datetime | None:
        """The moment of one start fact, in UTC, or None where it is not known."""
        moment: datetime | None = getattr(self, fact.value)
        return moment


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule holds. Everything named must hold; nothing named means always."""

    flags: frozenset[Flag] = frozenset()
    rag: Rating | None = None
    domestic_abuse: DomesticAbuseRisk | None = None

    @property
    def always(self) -> bool:
        return not self.flags and self.rag is None and self.domestic_abuse is None


@dataclass(frozen=True, slots=True)
class Document:
    """A published document that rules cite by its short name."""

    short_name: str
    title: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One published rule: from which start, how long, when it holds, and who says so."""

    id: str
    clock: Clock
    kind: Kind
    unit: Unit
    within: int | None
    start: tuple[StartFact, ...]
    when: Condition
    force: Force
    source: str
    document: str
    reason: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A list that the partners go through together each day or week, made from open cases (C10).

    It takes domestic abuse cases of the named risks, or referrals of the named ratings.
    """

    id: str
    name: str
    every: Every
    day: Weekday | None
    domestic_abuse: tuple[DomesticAbuseRisk, ...]
    ratings: tuple[Rating, ...]
    source: str
    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class NamedForm:
    """A form that the area's document names (C6, C5). `call_again_after` is in minutes, where the
    document says that the form is followed up by telephone."""

    kind: FormKind
    name: str
    source: str
    document: str
    reason: str
    call_again_after: int | None = None


class KeptCase(StrEnum):
    """For which cases a period of retention holds (H8)."""

    EVERY = "every"
    DISCUSSED = "discussed"  # a strategy discussion was held
    LOOKED_AFTER = "looked_after"  # one of the children was looked after by the council


class KeptFrom(StrEnum):
    """From when a period of retention is counted."""

    CLOSED = "closed"
    BIRTH = "birth"  # of the youngest child


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How many years a case is kept; of all that hold the latest end counts (H8)."""

    id: str
    case: KeptCase
    years: int
    start: KeptFrom
    source: str
    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step of the ladder on which a disagreement is resolved, the lowest first (IMAP 9).

    `unit` and `within` say by when it is resolved here or taken to the next step. Without `force`
    the source names no time, and this one is proposed.
    """

    id: str
    who: str
    unit: Unit
    within: int | None
    force: Force | None
    source: str
    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """One area's rules. The digest tells apart two texts that carry the same version."""

    id: str
    name: str
    version: str
    source: str
    ratings: tuple[Rating, ...]
    documents: tuple[Document, ...]
    rules: tuple[Rule, ...]
    digest: str
    series: tuple[Series, ...] = ()
    ways: Ways = NO_WAYS
    forms: tuple[NamedForm, ...] = ()
    # Hours before a discussion at which invitees are reminded.
    reminders: tuple[int, ...] = ()
    # How a disagreement with what a discussion decided is resolved, step by step.
    escalation: tuple[EscalationStep, ...] = ()
    # How long cases are kept: an area's own stand in the place of those that hold everywhere.
    retention: tuple[RetentionRule, ...] = ()

    def form(self, kind: FormKind) -> NamedForm | None:
        """The form of this kind, where the protocol names one."""
        return next((one for one in self.forms if one.kind is kind), None)


@dataclass(frozen=True, slots=True)
class AlsoApplied:
    """A rule that applied beside the one that sets the deadline.

    `set_aside` is true for a standard rule that an exception replaced. Either `due_at` (UTC)
    or `error` is given.
    """

    rule: str
    kind: Kind
    force: Force
    source: str
    summary: str
    set_aside: bool
    due_at: datetime | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline, and everything a person may ask about it. Times are UTC."""

    clock: Clock
    due_at: datetime
    rule: str
    kind: Kind
    force: Force
    label: str
    summary: str
    reason: str
    source: str
    document: str
    start_fact: StartFact
    start_at: datetime
    also: tuple[AlsoApplied, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ClockError:
    """A deadline that cannot be worked out; the text says why and what to do."""

    clock: Clock
    error: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a discussion keeps, so that later edits of a protocol never rewrite history."""

    protocol_id: str
    protocol_name: str
    protocol_version: str
    protocol_digest: str
    facts: Facts
    clocks: dict[Clock, Due | ClockError]
