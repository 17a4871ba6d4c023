"""What the dataset counts, in the field's words (G3; HO2014 Camden)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from app.directory.types import AgencyKind
from app.referrals.outcome.types import FilterReason
from app.referrals.types import Concern, Outcome, Rating

NOT_KNOWN = "Not known"
KEPT = (
    "Cases of this period have been deleted since: what was counted of them is kept from before "
    "the deletion."
)


class Measure(enum.Enum):
    """One table of figures. The first five are HO2014's Camden dataset, in its order."""

    SOURCE = "source"
    CONCERN = "concern"
    RATING = "rating"
    OUTCOME = "outcome"
    NO_REFERRAL = "no_referral"
    TIME = "time"
    AGAIN = "again"
    DECISION = "contact_decision"
    GATHERING = "information_gathering"
    ABUSE = "domestic_abuse_discussion"
    DISCUSSION = "strategy_discussion"
    RECORD = "record_circulated"
    ICPC_REFERRAL = "icpc_referral"
    ICPC_HELD = "icpc_held"
    ASSESSMENT = "assessment"
    LATE_BECAUSE = "late_because"
    ANSWERED = "answered"
    ATTENDANCE = "attendance"
    ASKED = "asked"
    HOUR = "hour"
    WEEKDAY = "weekday"

    @property
    def title(self) -> str:
        return {
            "source": "Source of referral",
            "concern": "Presenting issue",
            "rating": "Rating before and after information gathering",
            "outcome": "Outcome",
            "no_referral": "Closed as no referral",
            "time": "Time taken, from received to decided",
            "again": "Re-referrals within 12 months",
            "contact_decision": "Decision on the referral",
            "information_gathering": "Information from agencies",
            "domestic_abuse_discussion": "Domestic abuse case discussed or screened",
            "strategy_discussion": "Strategy discussion held",
            "record_circulated": "Record with everybody within its time",
            "icpc_referral": "Referral for the initial child protection conference",
            "icpc_held": "Initial child protection conference held",
            "assessment": "Assessment complete",
            "late_because": "Where the time went when a discussion was late",
            "answered": "Answers to invitations, by agency",
            "attendance": "Attendance at discussions, by agency",
            "asked": "Requests for information, by agency",
            "hour": "Referrals by hour of the day",
            "weekday": "Referrals by day of the week",
        }[self.value]

    @property
    def counts(self) -> str:
        """What one of these is, and to which month it belongs."""
        return {
            "concern": "Concerns on referrals received in the period; a referral may have several.",
            "no_referral": "Taken in during the period and closed as no referral since. It counts "
            "in no other table of referrals.",
            "time": "Referrals received in the period. Of one that was opened again the first "
            "decision counts.",
            "asked": "Requests for referrals received in the period. One that was withdrawn "
            "before its time ran out is left out; afterwards, it is overdue without an answer. "
            "An agency that was asked when the time was over already has an hour.",
            "domestic_abuse_discussion": "Cases received in the period that have a clock.",
            "strategy_discussion": "Discussions needed in the period. One that was cancelled is "
            "left out, unless its deadline had passed by then, or has passed since while another "
            "was still needed and none had taken over its clock.",
            "record_circulated": "Discussions needed in the period that have ended.",
            "icpc_referral": "Children for whom a discussion needed in the period, or what "
            "followed it, required a conference. An enquiry counts once, with the last discussion "
            "about it.",
            "icpc_held": "Children for whom a discussion needed in the period, or what followed "
            "it, required a conference. An enquiry counts once, with the last discussion about it.",
            "assessment": "Children of discussions needed in the period. An enquiry counts once, "
            "with the last discussion about it.",
            "late_because": "Discussions needed in the period that began after their deadline.",
            "answered": "Invitations to discussions needed in the period that were booked and have "
            "ended, but for those of our own staff. Who was asked at once, or joined uninvited, "
            "had nothing to answer.",
            "attendance": "People who were invited to discussions needed in the period that have "
            "ended, asked at once, or joined; a colleague counts in the place of whom they stand "
            "in for.",
        }.get(self.value, "Referrals received in the period.")

    @property
    def good(self) -> str:
        """The part of a pair whose share is drawn; empty where the counts themselves are."""
        if self in CLOCKS:
            return "met"
        return {"answered": "answered", "attendance": "there", "asked": "in_time"}.get(
            self.value, ""
        )


# Shown always: work that waits, which other tables give away (docs/decisions).
OPEN_TO_ALL = {
    (Measure.OUTCOME, "undecided"),
    (Measure.TIME, "undecided"),
    (Measure.DECISION, "limit|open"),
    (Measure.DECISION, "limit|overdue"),
}


def group_of(measure: Measure, key: str) -> str:
    """The part of a measure that another table adds up: its numbers are protected among
    themselves, because their sum is known. What was decided within 24 hours is what its clock
    says was in time; the reasons add up the discussions that were late, of a limit, a target or a
    plan, whatever became of the limit behind it."""
    if measure is Measure.TIME:
        return "met" if key in ("4h", "24h") else "late"
    if measure is Measure.DISCUSSION and key.split("|")[1] == "late":
        return "late"
    return ""


# Every clock of the product (PRODUCT B), in the order of a case.
CLOCKS = (
    Measure.DECISION, Measure.GATHERING, Measure.ABUSE, Measure.DISCUSSION, Measure.RECORD,
    Measure.ICPC_REFERRAL, Measure.ICPC_HELD, Measure.ASSESSMENT,
)  # fmt: skip
CAMDEN = (Measure.SOURCE, Measure.CONCERN, Measure.RATING, Measure.OUTCOME, Measure.TIME)
# How a target or plan may have been met, and the limit behind it, which is never due before it.
BEHIND = ("met|met", "late|met", "late|late", "overdue|open", "overdue|overdue", "open|open")
# These count letters and requests, not children: they are shown as they are, for the whole council.
BY_AGENCY = (Measure.ANSWERED, Measure.ATTENDANCE, Measure.ASKED)

TIME_BANDS = (
    ("4h", 4, "Within 4 hours"),
    ("24h", 24, "4 to 24 hours"),
    ("72h", 72, "1 to 3 days"),
    ("120h", 120, "3 to 5 days"),
)
_WORDS = {
    **{f"agency.{one.value}": one.label for one in AgencyKind},
    **{f"concern.{one.value}": one.label for one in Concern},
    **{f"outcome.{one.value}": one.label for one in Outcome},
    "outcome.undecided": "Not decided yet",
    "outcome.reopened": "Opened again, not decided since",
    **{f"no_referral.{one.value}": one.label for one in FilterReason},
    **{f"rating.{one.value}": one.label for one in Rating},
    "rating.none": "Not rated",
    **{f"time.{key}": words for key, _, words in TIME_BANDS},
    "time.longer": "Longer than 5 days",
    "time.undecided": "Not decided yet",
    "again.again": "Re-referral",
    "again.first": "First, or after more than 12 months",
    "clock.met": "In time",
    "clock.late": "Late",
    "clock.overdue": "Overdue, still open",
    "clock.open": "Open, not due yet",
    "force.limit": "Limit",
    "force.target": "Target",
    "force.plan": "Plan",
    "late_because.decided": "The need was decided after the deadline",
    "late_because.sooner": "The deadline became earlier after it was decided",
    "late_because.booked": "No earlier time was booked",
    "late_because.began": "It was booked in time and began late",
    "answer.answered": "Answered",
    "answer.silent": "No answer",
    "attendance.there": "Was there",
    "attendance.report": "Sent a report only",
    "attendance.absent": "Absent",
    "attendance.unknown": "Not noted",
    "asked.in_time": "In time",
    "asked.late": "Late",
    "asked.overdue": "Overdue, no answer",
    "asked.open": "No answer, not due yet",
    **{
        f"weekday.{number}": words
        for number, words in enumerate(
            ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        )
    },
    **{f"hour.{hour}": f"{hour:02d}:00 to {hour:02d}:59" for hour in range(24)},
}
# The parts of a measure's keys, in the order of the key; one or two.
PARTS: dict[Measure, tuple[str, ...]] = {
    Measure.SOURCE: ("agency",),
    Measure.CONCERN: ("concern",),
    Measure.RATING: ("rating", "rating"),
    Measure.OUTCOME: ("outcome",),
    Measure.NO_REFERRAL: ("no_referral",),
    Measure.TIME: ("time",),
    Measure.AGAIN: ("again",),
    Measure.LATE_BECAUSE: ("late_because",),
    Measure.ANSWERED: ("agency", "answer"),
    Measure.ATTENDANCE: ("agency", "attendance"),
    Measure.ASKED: ("agency", "asked"),
    Measure.HOUR: ("hour",),
    Measure.WEEKDAY: ("weekday",),
    **dict.fromkeys(CLOCKS, ("force", "clock")),
}
_OF_KIND: dict[str, tuple[str, ...]] = {}
for _key in _WORDS:
    _kind, _, _value = _key.partition(".")
    _OF_KIND[_kind] = (*_OF_KIND.get(_kind, ()), _value)


def values_of_part(kind: str) -> tuple[str, ...]:
    """Every value that a part of a key may have, in the order of tables."""
    return _OF_KIND[kind]


def keys_of(measure: Measure) -> list[str]:
    """Every key that a measure may have, in the order of tables; of requests without a third part,
    which is their force where it is no limit."""
    kinds = PARTS[measure]
    if len(kinds) == 1:
        return list(values_of_part(kinds[0]))
    seconds = values_of_part(kinds[1])
    if measure is not Measure.DISCUSSION:
        return [f"{one}|{two}" for one in values_of_part(kinds[0]) for two in seconds]
    return [
        f"{force}|{state}"
        for force in values_of_part("force")
        for state in (*seconds, *(BEHIND if force != "limit" else ()))
    ]


def words_of(kind: str, value: str) -> str:
    """A value of a key's part as people read it."""
    return _WORDS.get(f"{kind}.{value}", value)


@dataclass(frozen=True, slots=True)
class Place:
    """A ward as figures see it; 0 stands for wards that are not known."""

    ward_id: int
    ward: str
    area: str
    team: str


NO_PLACE = Place(0, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months from January, April, July or October."""

    year: int
    number: int  # 1 to 4

    @property
    def key(self) -> str:
        # By its months: the board's report numbers the quarters of a year that begins in April.
        return f"{self.months[0]}-to-{self.months[-1]}"

    @property
    def months(self) -> tuple[str, ...]:
        first = 3 * self.number - 2
        return tuple(f"{self.year}-{month:02d}" for month in range(first, first + 3))

    @property
    def label(self) -> str:
        return f"{date(self.year, 3 * self.number - 2, 1):%B} to {self.last_month}"

    @property
    def last_month(self) -> str:
        return f"{date(self.year, 3 * self.number, 1):%B} {self.year}"

    @property
    def before(self) -> Quarter:
        return (
            Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)
        )


@dataclass(frozen=True, slots=True)
class Period:
    """What is counted: one quarter, or the four of a year that ends with one."""

    key: str
    label: str
    quarters: tuple[Quarter, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A figure as it may be shown: `count` of what is not withheld, `withheld` where some is."""

    count: int = 0
    withheld: bool = False

    def __add__(self, other: Published) -> Published:
        return Published(self.count + other.count, self.withheld or other.withheld)

    @property
    def words(self) -> str:
        if not self.withheld:
            return f"{self.count:,}"
        return f"{self.count:,} or more" if self.count else "c"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the figures of a period have come. `newest` is when the last month was counted."""

    months: int
    done: int
    parts: int
    parts_done: int
    oldest: datetime | None

    @property
    def complete(self) -> bool:
        return self.done == self.months

    @property
    def percent(self) -> int:
        return 100 * self.parts_done // self.parts if self.parts else 100
