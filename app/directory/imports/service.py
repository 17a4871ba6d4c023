"""Planning what a list would do to the directory, and doing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.directory import service
from app.directory.imports import rules
from app.directory.imports.types import Does, Plan, Planned, ReadLine, Row
from app.directory.models import Agency, Professional
from app.directory.types import AgencyGiven, AgencyKind, ProfessionalGiven, ProfessionalRole

_AGENCIES = select(Agency)
_PEOPLE = select(Professional).order_by(Professional.id)


class PlanChanged(Exception):
    """The directory changed since the list was looked at: it would do something else now."""


def plan(session: Session, content: bytes) -> Plan:
    """What this list would do, line by line; changes nothing.

    Raises Refused (field `file`) where it cannot be read at all.
    """
    found = rules.read(content)
    held = _Held.of(session)
    lines = tuple(_planned(line, held) for line in found.lines)
    told = "\n".join(f"{one.number} {one.does.value} {one.person_id} {one.words}" for one in lines)
    return Plan(
        encoding=found.encoding,
        lines=lines,
        new_agencies=tuple(held.new_agencies.values()),
        digest=sha256(content + told.encode()).hexdigest(),
    )


def apply(session: Session, actor: Actor, content: bytes, digest: str, now: datetime) -> Plan:
    """Do what the list was seen to do; lines with a mistake are left out.

    Raises PlanChanged when the directory has changed since, so that nothing happens unseen.
    """
    planned = plan(session, content)
    if planned.digest != digest:
        raise PlanChanged
    for name, kind in planned.new_agencies:
        service.add_agency(session, actor, AgencyGiven(name, kind), now)
    agencies = {one.name.lower(): one for one in session.execute(_AGENCIES).scalars()}
    for line in planned.lines:
        if line.row is None or line.does in (Does.SAME, Does.WRONG):
            continue
        person = session.get(Professional, line.person_id) if line.person_id else None
        if person is None:
            given = _given(line.row, None, agencies[line.row.agency.lower()].id)
            service.add_professional(session, actor, given, now)
        elif line.does is Does.END:
            service.end_professional(session, actor, person, now)
        else:
            if line.does is Does.RETURN:
                service.restore_professional(session, actor, person, now)
            given = _given(line.row, person, agencies[line.row.agency.lower()].id)
            service.edit_professional(session, actor, person, given, person.version, now)
    record(
        session,
        actor,
        "directory imported",
        Subject("directory", "list"),
        now,
        {"sha256": sha256(content).hexdigest(), "agencies": len(planned.new_agencies)}
        | {does.value: planned.count(does) for does in Does},
    )
    return planned


@dataclass(slots=True)
class _Held:
    """The directory as it is, and what earlier lines of the list add to it."""

    agencies: dict[str, Agency]
    by_email: dict[str, Professional]
    by_name: dict[tuple[str, str], list[Professional]]
    new_agencies: dict[str, tuple[str, AgencyKind]] = field(default_factory=dict)
    lines: dict[object, int] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> _Held:
        people = list(session.execute(_PEOPLE).scalars())
        by_name: dict[tuple[str, str], list[Professional]] = {}
        for one in people:
            by_name.setdefault((one.agency.name.lower(), one.name.lower()), []).append(one)
        # Of two with one address the one who can be invited stands for it.
        by_email = {
            one.email.lower(): one
            for one in sorted(people, key=lambda one: one.ended_at is None)
            if one.email
        }
        agencies = {one.name.lower(): one for one in session.execute(_AGENCIES).scalars()}
        return cls(agencies, by_email, by_name)

    def person(self, row: Row) -> Professional | None:
        """Whom a line means: by the address, else by name and agency."""
        if row.email and (found := self.by_email.get(row.email)):
            return found
        named = self.by_name.get((row.agency.lower(), row.name.lower()), [])
        present = [one for one in named if one.ended_at is None] or named
        if len(present) > 1:
            raise Refused("email", "Several people there have that name: give the email address")
        return present[0] if present else None


def _planned(line: ReadLine, held: _Held) -> Planned:
    who = ", ".join(filter(None, (line.cells.get("name"), line.cells.get("agency"))))
    if line.problem:
        return Planned(line.number, Does.WRONG, who, line.problem)
    try:
        row = rules.checked(line.cells)
        person = held.person(row)
        _refuse_twice(line.number, row, person, held)
        if row.left:
            return _leaves(line.number, who, row, person)
        _agency(row, held)
        if person is None:
            _refuse_incomplete(row)
            given = _given(row, None, 0)
            _refuse_out_of_reach(given)
            words = f"{given.role.label}, {row.email or row.telephone}"
            return Planned(line.number, Does.ADD, who, words, row)
        _refuse_out_of_reach(_given(row, person, person.agency_id))
        changed = _changes(row, person)
        if person.ended_at is not None:
            words = "Had ended; can be invited again"
            return Planned(line.number, Does.RETURN, who, words, row, person.id)
        if not changed:
            return Planned(line.number, Does.SAME, who, "", row, person.id)
        return Planned(line.number, Does.CHANGE, who, "; ".join(changed), row, person.id)
    except Refused as refusal:
        return Planned(line.number, Does.WRONG, who, refusal.message)


def _refuse_twice(number: int, row: Row, person: Professional | None, held: _Held) -> None:
    key = person.id if person else row.email or (row.agency.lower(), row.name.lower())
    first = held.lines.setdefault(key, number)
    if first != number:
        raise Refused("name", f"The same person stands on line {first} already")


def _leaves(number: int, who: str, row: Row, person: Professional | None) -> Planned:
    if person is None:
        raise Refused("left", "Nobody of that name and agency is in the directory")
    if person.ended_at is not None:
        return Planned(number, Does.SAME, who, "Has ended already", row, person.id)
    words = "Can no longer be invited; what they took part in keeps their name"
    return Planned(number, Does.END, who, words, row, person.id)


def _agency(row: Row, held: _Held) -> None:
    agency = held.agencies.get(row.agency.lower())
    if agency is not None and agency.ended_at is not None:
        raise Refused("agency", f"{agency.name} has ended: put it back first, or name another")
    if agency is not None:
        if row.kind is not None and row.kind is not agency.kind:
            raise Refused("kind", f"{agency.name} is filed as {agency.kind.label.lower()}")
        return
    if row.agency.lower() in held.new_agencies:
        return
    if row.kind is None:
        raise Refused("kind", f"{row.agency} is new here: say which kind of agency it is")
    held.new_agencies[row.agency.lower()] = (row.agency, row.kind)


def _refuse_incomplete(row: Row) -> None:
    if row.role is None:
        raise Refused("role", "The role is missing")


def _refuse_out_of_reach(given: ProfessionalGiven) -> None:
    """What the line comes to, with what is held of somebody known, must be possible to apply."""
    if not given.email and not given.telephone:
        raise Refused("email", "Give an email address or a telephone number")
    if given.is_team and not given.email:
        raise Refused("email", "A team's desk is reached by its mailbox: give its address")


def _given(row: Row, person: Professional | None, agency_id: int) -> ProfessionalGiven:
    """What the line says, with what is held where it says nothing."""
    held = _as_given(person) if person else ProfessionalGiven(0, row.name, ProfessionalRole.OTHER)
    return replace(
        held,
        agency_id=agency_id,
        name=row.name,
        role=row.role or held.role,
        title=row.title or held.title,
        email=row.email or held.email,
        telephone=row.telephone or held.telephone,
        is_team=held.is_team if row.team is None else row.team,
        decision_maker=held.decision_maker if row.decision_maker is None else row.decision_maker,
        works_days=row.days or held.works_days,
        works_from=row.opens or held.works_from,
        works_to=row.closes or held.works_to,
    )


def _as_given(person: Professional) -> ProfessionalGiven:
    return ProfessionalGiven(
        agency_id=person.agency_id,
        name=person.name,
        role=person.role,
        title=person.title,
        email=person.email or "",
        telephone=person.telephone or "",
        is_team=person.is_team,
        decision_maker=person.decision_maker,
        away_until=person.away_until,
        works_days=person.works_days,
        works_from=person.works_from or "",
        works_to=person.works_to or "",
    )


def _changes(row: Row, person: Professional) -> list[str]:
    """What would be different, in words."""
    given = _given(row, person, person.agency_id)
    pairs: Iterable[tuple[str, object, object]] = (
        ("agency", person.agency.name.lower(), row.agency.lower()),
        ("name", person.name, given.name),
        ("role", person.role.label, given.role.label),
        ("title", person.title, given.title),
        ("email", person.email or "", given.email),
        ("telephone", person.telephone or "", given.telephone),
        ("team", person.is_team, given.is_team),
        ("decision-maker", person.decision_maker, given.decision_maker),
        ("days", person.works_days, given.works_days),
        ("from", person.works_from or "", given.works_from),
        ("to", person.works_to or "", given.works_to),
    )
    return [
        f"{name}: {_plain(before) or 'empty'} becomes {_plain(after)}"
        for name, before, after in pairs
        if before != after
    ]


def _plain(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
