"""Section 47 enquiries as returns want them (G4)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date

from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome


@dataclass(frozen=True, slots=True)
class Year:
    """A census year, from 1 April to 31 March; named by the year in which it ends."""

    ends: int

    @property
    def first_day(self) -> date:
        return date(self.ends - 1, 4, 1)

    @property
    def last_day(self) -> date:
        return date(self.ends, 3, 31)

    @property
    def label(self) -> str:
        return f"1 April {self.ends - 1} to 31 March {self.ends}"


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One section 47 enquiry about one child: a Section47 module of the census.

    Days are local. `source` is the code of who referred, empty where it is not known; `decided_on`
    when `conference` was decided on after the discussion, None where the discussion did.
    `meeting_ref` is the newest discussion that says something about it.
    """

    child_id: int
    child_ref: str
    name: str
    case_reference: str
    born_on: date | None
    expected_on: date | None
    gender: str
    ethnicity: str
    disability: str
    team: str
    meeting_ref: str
    referral_ref: str
    referred_on: date | None
    started_on: date
    ended_on: date | None
    outcome: EnquiryOutcome | None
    conference: Conference | None
    conference_on: date | None
    conference_outcome: ConferenceOutcome | None
    # The 15th working day; None where bank holidays are not known that far.
    target_on: date | None
    started_before: int = 0  # enquiries about this child in the 12 months before it
    conferences_before: int = 0
    source: str = ""
    decided_on: date | None = None

    @property
    def unborn(self) -> bool:
        return self.born_on is None and self.expected_on is not None

    @property
    def not_required(self) -> bool:
        """Whether it is settled that no conference has to be held (ICPCnotRequired)."""
        if self.conference_on is not None or self.conference is Conference.REQUIRED:
            return False
        return self.conference is Conference.NOT_NEEDED or self.outcome in (
            EnquiryOutcome.NOT_SUBSTANTIATED,
            EnquiryOutcome.NO_CONTINUING_RISK,
        )

    @property
    def is_open(self) -> bool:
        """Whether the census takes it as running: no conference, and none said not to be needed."""
        return self.conference_on is None and not self.not_required

    @property
    def over_on(self) -> date | None:
        """The day of its conference, else that on which it ended or none was found necessary."""
        return self.conference_on or self.ended_on or self.decided_on

    def runs_on(self, day: date) -> bool:
        """Whether another enquiry that begins on this day would begin while this one runs, as rule
        8890 has it: up to and on the day of its conference, without end while it is open, and never
        where no conference was needed."""
        if day < self.started_on:
            return False
        return self.is_open or (self.conference_on is not None and day <= self.conference_on)


class Where(enum.Enum):
    """The page on which something is mended."""

    CHILD = "child"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a row from being returned as it stands. `rule` is the number of the census's
    own rule, empty where it is ours; a query may be explained, an error has to be mended. `other`:
    another enquiry that the words tell of."""

    rule: str
    words: str
    is_query: bool
    where: Where
    enquiry: Enquiry
    other: Enquiry | None = None

    @property
    def enquiries(self) -> tuple[Enquiry, ...]:
        """Those that it tells of."""
        return (self.enquiry,) if self.other is None else (self.enquiry, self.other)


@dataclass(frozen=True, slots=True)
class Row:
    """A problem as the page shows it. `ref`: the case under which it stands."""

    ref: str
    name: str
    child: str
    began: str
    is_query: bool
    words: str
    rule: str
    href: str
