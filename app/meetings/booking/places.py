"""The places at the table of a strategy discussion, and who takes them: pure (C2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.core.clock import words_for_moment
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.types import (
    CaseFacts,
    Outside,
    OutsideKind,
    Person,
    Proposal,
    TypedPerson,
)
from app.referrals.employers import judge

MOST_OPTIONS = 30
_FEWEST_DIGITS = 10
_NUMBER = re.compile(r"\+?\d[\d ()-]{8,}\d")
Role = ProfessionalRole
# What was typed: its name in words, the role and kind of agency of whoever comes for it.
_OUTSIDE = {
    OutsideKind.SCHOOL: ("School", Role.SAFEGUARDING_LEAD, AgencyKind.EDUCATION),
    OutsideKind.GP: ("GP", Role.GP, AgencyKind.HEALTH),
    OutsideKind.HEALTH: (
        "Health visitor, midwife or school nurse", Role.HEALTH_VISITOR, AgencyKind.HEALTH,
    ),
}  # fmt: skip


def name_and_number(typed: str) -> tuple[str, str | None]:
    """Who was typed, and the telephone number beside the name where there is one."""
    found = _NUMBER.search(typed)
    if found is None or sum(one.isdigit() for one in found[0]) < _FEWEST_DIGITS:
        return typed, None
    rest = f"{typed[: found.start()]} {typed[found.end() :]}"
    name = " ".join(rest.replace("()", " ").split()).strip(" ,;:.-")
    return name or typed, found[0].strip()


class Places:
    """The table as it fills: nobody sits down twice, nobody from a perpetrator's agency at all."""

    def __init__(self, case: CaseFacts, directory: Sequence[Person], at: datetime) -> None:
        self.case = case
        self.at = at
        self.directory = [one for one in directory if self.may_come(one)]
        self.involved = [one for one in case.involved if self.may_come(one.person)]
        self.typed = [one for one in case.outside if not self.is_theirs(None, one.words)]
        self.health_knows = False  # whether somebody of the directory comes who knows the child
        self.typed_health = [one for one in self.typed if one.kind is not OutsideKind.SCHOOL]
        self.proposals: list[Proposal] = []
        self.seated: set[int] = set()

    def may_come(self, person: Person) -> bool:
        return not self.is_theirs(person.agency_id, person.agency_name)

    def is_theirs(self, agency_id: int | None, name: str) -> bool:
        """Whether it is surely an alleged perpetrator's own agency; see `employers.judge`."""
        return judge(self.case.employers, agency_id, name).sure

    def here(self, person: Person) -> bool:
        return person.away_until is None or person.away_until <= self.at

    def one_of(
        self,
        rule: str,
        role: ProfessionalRole,
        kind: AgencyKind,
        why: str,
        source: str,
        *,
        required: bool = False,
        first: Sequence[Person] = (),
        others: Sequence[Person] = (),
    ) -> None:
        """Propose whoever has the role: who knows the child first, then who is not away."""
        known = [one.person for one in self.involved if one.person.role is role]
        having = [*first, *known, *(one for one in self.directory if one.role is role)]
        if any(one.id in self.seated for one in having):
            return  # somebody with this role comes already
        free = list(once(having))
        here = [one for one in free if self.here(one)]
        chosen = here[0] if here else None
        if chosen is None:
            missing = (
                f" Everybody with this role is away until {self.first_back(free)} or later."
                if free
                else f" Nobody in the directory has the role {role.label}."
            )
            self.proposals.append(
                Proposal(
                    key=rule,
                    rule_id=rule,
                    role=role,
                    agency_kind=kind,
                    person=None,
                    why=why + missing,
                    source=source,
                    required=required,
                    options=once([*free, *others])[:MOST_OPTIONS],
                )
            )
            return
        passed = [one for one in free[: free.index(chosen)] if one.away_until]
        why += "".join(
            f" {one.name} is away until {words_for_moment(one.away_until)}."
            for one in passed
            if one.away_until
        )
        self.seat(rule, chosen, why, source, required=required, others=[*free, *others])

    def seat(
        self,
        rule: str,
        person: Person,
        why: str,
        source: str,
        *,
        required: bool = False,
        others: Sequence[Person] = (),
    ) -> None:
        if person.id in self.seated:
            return
        self.seated.add(person.id)
        taken = any(one.rule_id == rule for one in self.proposals)
        self.proposals.append(
            Proposal(
                key=f"{rule}-{person.id}" if taken else rule,
                rule_id=rule,
                role=person.role,
                agency_kind=person.agency_kind,
                person=person,
                why=why,
                source=source,
                required=required,
                options=once([person, *others, *self.like(person)])[:MOST_OPTIONS],
            )
        )

    def like(self, person: Person) -> list[Person]:
        """Who could come instead of somebody who knows the family: the same role in the same
        agency. Another school or practice does not know the child, and is told nothing."""
        return [
            one
            for one in self.directory
            if one.role is person.role and one.agency_id == person.agency_id and one != person
        ]

    def first_back(self, people: Iterable[Person]) -> str:
        back = min((one.away_until for one in people if one.away_until), default=self.at)
        return words_for_moment(back)

    def to_be_filled_in(
        self,
        one: Outside,
        why: str,
        *,
        required: bool = False,
        options: Sequence[Person] = (),
    ) -> None:
        """A place for somebody of whom only the words are known that were typed."""
        rule = f"outside-{one.kind.value}"
        count = sum(each.rule_id == rule for each in self.proposals)
        what, role, kind = _OUTSIDE[one.kind]
        name, telephone = name_and_number(one.words)
        self.proposals.append(
            Proposal(
                key=f"{rule}-{count}" if count else rule,
                rule_id=rule,
                role=role,
                agency_kind=kind,
                person=None,
                why=f"{why} {what} as typed: {one.words}. Find the person and type their "
                "address, or telephone them.",
                source="BROMLEY 1",
                required=required,
                options=tuple(options),
                typed=TypedPerson(
                    name=name,
                    title=what,
                    agency_name=name,
                    agency_kind=kind,
                    role=role,
                    email=None,
                    telephone=telephone,
                ),
            )
        )


def once(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple({one.id: one for one in people}.values())
