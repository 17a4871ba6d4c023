"""What the booking page rests on, read once for each request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from app.accounts.queries import chairs
from app.directory.models import CouncilSettings
from app.directory.queries import council
from app.meetings.booking import queries, rules
from app.meetings.booking.addresses import Doubts, Known, doubts_about
from app.meetings.booking.person_rows import PersonRow
from app.meetings.booking.slots import DAYS_LOOKED_AT, slots
from app.meetings.booking.types import (
    CaseFacts,
    Diary,
    OfficeHours,
    Person,
    Proposal,
    Slot,
    Span,
)
from app.meetings.models import Meeting
from app.meetings.types import Format


class Ground:
    """The case, the directory, the chairs and what is taken, for one discussion at `now`."""

    def __init__(self, session: Session, meeting: Meeting, now: datetime) -> None:
        self.session = session
        self.meeting = meeting
        self.now = now
        self._people: dict[int, Person] = {}
        self._free: dict[tuple[int | None, datetime, datetime], Diary] = {}
        self._busy: dict[
            tuple[frozenset[int], datetime, datetime], dict[str, tuple[Span, ...]]
        ] = {}
        self._offers: list[tuple[Diary, int, Format, bool, list[Slot]]] = []

    @cached_property
    def settings(self) -> CouncilSettings:
        return council(self.session)

    @cached_property
    def office(self) -> OfficeHours:
        return queries.office_hours(self.settings)

    @cached_property
    def case(self) -> CaseFacts:
        return queries.case_of(self.session, self.meeting)

    @cached_property
    def chairs(self) -> list[tuple[int, str]]:
        return chairs(self.session)

    @cached_property
    def _directory(self) -> list[Person]:
        return queries.people_with(self.session, rules.roles_asked_for(self.case))

    @cached_property
    def _known(self) -> list[Known]:
        return queries.known_addresses(self.session)

    def doubts(self, row: PersonRow) -> Doubts:
        """What speaks against somebody who was typed, or an address that was."""
        if not row.name and not row.email:
            return Doubts()
        secure = self.settings.secure_domains
        return doubts_about(row.name, row.agency, row.email, self._known, secure)

    def proposals(self, at: datetime) -> list[Proposal]:
        """Who must come to a discussion at that time."""
        return rules.who_must_come(self.case, self._directory, at)

    def returns_before(self, moment: datetime) -> bool:
        """Whether anybody who is away now and could be proposed is back by then."""
        known = [*self._directory, *(one.person for one in self.case.involved)]
        return any(
            one.away_until is not None and self.now < one.away_until <= moment for one in known
        )

    def people(self, ids: Collection[int]) -> dict[int, Person]:
        """These people of the directory."""
        missing = set(ids) - self._people.keys()
        if missing:
            self._people |= queries.people_by_id(self.session, missing)
        return {one: self._people[one] for one in ids if one in self._people}

    def diary(
        self, chair_id: int | None, people: Collection[Person], typed: datetime | None = None
    ) -> Diary:
        """What is taken in the fortnight to come, and on the day of a time that was typed."""
        first = min(self.now, typed or self.now)
        last = self.now + timedelta(days=DAYS_LOOKED_AT + 1)
        if typed is not None:
            last = max(last, typed + timedelta(days=1))
        key = (chair_id, first, last)
        if key not in self._free:
            self._free[key] = queries.diary(self.session, self.meeting, chair_id, first, last)
        # A duty desk takes part in several at once; one person cannot.
        ids = frozenset(one.id for one in people if not one.is_team)
        if (ids, first, last) not in self._busy:
            self._busy[ids, first, last] = queries.invited_elsewhere(
                self.session, self.meeting, ids, first, last
            )
        return replace(
            self._free[key],
            people=self._busy[ids, first, last],
            away={one.name: one.away_until for one in people if one.away_until is not None},
            asked=len(people),
        )

    def offered(
        self, diary: Diary, minutes: int, format_: Format, *, needs_line: bool
    ) -> list[Slot]:
        """The times to offer; looked for once where nobody's diary says anything new."""
        for known, length, held, line, offers in self._offers:
            if (known, length, held, line) == (diary, minutes, format_, needs_line):
                return offers
        offers = slots(
            self.now,
            self.meeting.due_at,
            self.office,
            diary,
            minutes,
            format_=format_,
            needs_line=needs_line,
        )
        self._offers.append((diary, minutes, format_, needs_line, offers))
        return offers
