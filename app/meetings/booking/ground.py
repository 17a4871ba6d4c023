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
from app.meetings.booking.slots import DAYS_LOOKED_AT, slots
from app.meetings.booking.types import CaseFacts, Diary, OfficeHours, Person, Proposal, Slot
from app.meetings.models import Meeting


class Ground:
    """The case, the directory, the chairs and what is taken, for one discussion at `now`."""

    def __init__(self, session: Session, meeting: Meeting, now: datetime) -> None:
        self.session = session
        self.meeting = meeting
        self.now = now
        self._people: dict[int, Person] = {}
        self._free: dict[tuple[int | None, datetime, datetime], Diary] = {}
        self._offers: list[tuple[Diary, int, bool, list[Slot]]] = []

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

    def proposals(self, at: datetime) -> list[Proposal]:
        """Who must come to a discussion at that time."""
        return rules.who_must_come(self.case, self._directory, at)

    def people(self, ids: Collection[int]) -> dict[int, Person]:
        """These people of the directory."""
        missing = set(ids) - self._people.keys()
        if missing:
            self._people |= queries.people_by_id(self.session, missing)
        return {one: self._people[one] for one in ids if one in self._people}

    def diary(
        self, chair_id: int | None, people: Collection[int], typed: datetime | None = None
    ) -> Diary:
        """What is taken in the fortnight to come, and on the day of a time that was typed."""
        first = min(self.now, typed or self.now)
        last = self.now + timedelta(days=DAYS_LOOKED_AT + 1)
        if typed is not None:
            last = max(last, typed + timedelta(days=1))
        key = (chair_id, first, last)
        if key not in self._free:
            self._free[key] = queries.diary(self.session, self.meeting, chair_id, (), first, last)
        busy = queries.invited_elsewhere(self.session, self.meeting, people, first, last)
        return replace(self._free[key], people=busy)

    def offered(self, diary: Diary, minutes: int, *, needs_line: bool) -> list[Slot]:
        """The times to offer; looked for once where nobody's diary says anything new."""
        for known, length, line, offers in self._offers:
            if (known, length, line) == (diary, minutes, needs_line):
                return offers
        offers = slots(
            self.now, self.meeting.due_at, self.office, diary, minutes, needs_line=needs_line
        )
        self._offers.append((diary, minutes, needs_line, offers))
        return offers
