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

    Days are local. `meeting_ref` is the newest discussion that says something about it.
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
    def until(self) -> date | None:
        """The day on which the module ends: its conference, or its end where none was needed;
        None while it is open."""
        return self.conference_on or (self.ended_on if self.not_required else None)


class Where(enum.Enum):
    """The page on which something is mended."""

    CHILD = "child"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a row from being returned as it stands. `rule` is the number of the census's
    own rule, empty where it is ours; a query may be explained, an error has to be mended."""

    rule: str
    words: str
    is_query: bool
    where: Where
    enquiry: Enquiry

    @property
    def ref(self) -> str:
        """The discussion that it is about."""
        return self.enquiry.meeting_ref
