"""What the booking page rests on, read once for each request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from app.accounts.queries import chairs
from app.meetings.booking import could_come, diary_queries, queries, rules
from app.meetings.booking.addresses import Doubts, Known, doubts_about
from app.meetings.booking.person_rows import PersonRow
from app.meetings.booking.slots import DAYS_LOOKED_AT, slots
from app.meetings.booking.types import Diary, OnTheList, Person, Proposal, Slot
from app.meetings.models import Meeting
from app.meetings.queries import meeting_by_ref
from app.meetings.types import Format


class Ground:
    """The case, the directory, the chairs and what is taken, for one discussion at `now`."""

    def __init__(self, session: Session, read: queries.Read, now: datetime) -> None:
        self.session = session
        self.meeting = read.meeting
        self.children = read.children
        self.case = read.case
        self.council = read.council
        self.now = now
        self._people: dict[int, Person] = {}
        self._proposals: dict[frozenset[int], list[Proposal]] = {}
        self._taken: dict[tuple[int | None, frozenset[int], datetime, datetime], Diary] = {}
        self._offers: list[tuple[Diary, int, Format, bool, list[Slot]]] = []

    @cached_property
    def booked(self) -> Meeting:
        """The discussion with its invitees, for the page of a change."""
        meeting = meeting_by_ref(self.session, self.meeting.ref)
        if meeting is None:
            raise LookupError(self.meeting.ref)
        return meeting

    @cached_property
    def invitees(self) -> list[OnTheList]:
        """Who is invited already."""
        return queries.on_the_list(self.session, self.meeting.id)

    @cached_property
    def chairs(self) -> list[tuple[int, str]]:
        return chairs(self.session)

    @cached_property
    def _directory(self) -> list[Person]:
        return could_come.people_with(self.session, rules.roles_asked_for(self.case))

    @cached_property
    def _known(self) -> list[Known]:
        return could_come.known_addresses(self.session)

    def doubts(self, row: PersonRow) -> Doubts:
        """What speaks against somebody who was typed, or an address that was."""
        if not row.name and not row.email:
            return Doubts()
        secure = self.council.secure_domains
        return doubts_about(row.name, row.agency, row.email, self._known, secure)

    def proposals(self, at: datetime) -> list[Proposal]:
        """Who must come to a discussion at that time."""
        # The moment decides nothing but who is away at it.
        away = frozenset(
            one.id for one in self._could_come if one.away_until is not None and one.away_until > at
        )
        if away not in self._proposals:
            self._proposals[away] = rules.who_must_come(self.case, self._directory, at)
        return self._proposals[away]

    @cached_property
    def _could_come(self) -> list[Person]:
        known = [*self._directory, *(one.person for one in self.case.involved)]
        referrer = self.case.referrer
        return [*known, referrer.person] if referrer and referrer.person else known

    def returns_before(self, moment: datetime) -> bool:
        """Whether anybody who is away now and could be proposed is back by then."""
        return any(
            one.away_until is not None and self.now < one.away_until <= moment
            for one in self._could_come
        )

    def people(self, ids: Collection[int]) -> dict[int, Person]:
        """These people of the directory."""
        missing = set(ids) - self._people.keys()
        if missing:
            self._people |= could_come.people_by_id(self.session, missing)
        return {one: self._people[one] for one in ids if one in self._people}

    def diary(
        self, chair_id: int | None, people: Collection[Person], typed: datetime | None = None
    ) -> Diary:
        """What is taken in the fortnight to come, and on the day of a time that was typed."""
        first = min(self.now, typed or self.now)
        last = self.now + timedelta(days=DAYS_LOOKED_AT + 1)
        if typed is not None:
            last = max(last, typed + timedelta(days=1))
        # A duty desk takes part in several at once; one person cannot.
        ids = frozenset(one.id for one in people if not one.is_team)
        key = (chair_id, ids, first, last)
        if key not in self._taken:
            self._taken[key] = diary_queries.diary(
                self.session, self.meeting, chair_id, ids, first, last
            )
        return replace(
            self._taken[key],
            away={one.name: one.away_until for one in people if one.away_until is not None},
            hours=tuple((one.name, one.hours) for one in people if one.hours.words),
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
            self.council.office,
            diary,
            minutes,
            format_=format_,
            needs_line=needs_line,
        )
        self._offers.append((diary, minutes, format_, needs_line, offers))
        return offers
