"""The example borough: its settings, staff, agencies and conference lines."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffRole
from app.accounts.passwords import hash_password
from app.accounts.second_factor import new_secret
from app.accounts.types import Role, StaffMember
from app.audit.types import SYSTEM, Actor, ActorKind
from app.cli.example import people
from app.directory import service as directory
from app.directory.models import Professional
from app.directory.types import AgencyGiven, CouncilGiven, ProfessionalGiven
from app.directory.wards.service import save_list

# Ofcom keeps 01632 960000 to 960999 for drama.
_TELEPHONES = (f"01632 960{number}" for number in range(200, 1000))


@dataclass(frozen=True, slots=True)
class Area:
    """What the week is made with."""

    staff: Mapping[Role, tuple[StaffMember, ...]]
    professionals: tuple[Professional, ...]

    def one(self, role: Role, number: int = 0) -> StaffMember:
        """Somebody with this role."""
        held = self.staff[role]
        return held[number % len(held)]

    def actor(self, role: Role, number: int = 0) -> Actor:
        return self.one(role, number).actor


def make_area(session: Session, password: str, chance: random.Random, now: datetime) -> Area:
    """Write the borough. `now` is a week before the area's first start."""
    _council(session, now)
    save_list(session, SYSTEM, "\n".join(people.WARDS), "", now)
    staff = _staff(session, password, now)
    professionals = _directory(session, now)
    for name, telephone, count in people.LINES:
        pins = chance.sample(range(100_000, 1_000_000), count)
        directory.add_line(session, SYSTEM, name, telephone, "\n".join(map(str, pins)), now)
    return Area(staff, professionals)


def _council(session: Session, now: datetime) -> None:
    directory.save_council(
        session,
        SYSTEM,
        CouncilGiven(
            authority=people.AUTHORITY,
            authority_number=people.AUTHORITY_NUMBER,
            protocol_id=people.PROTOCOL,
            desk_name=people.DESK_NAME,
            desk_telephone=people.DESK_TELEPHONE,
            desk_email=people.DESK_EMAIL,
            out_of_hours_telephone=people.OUT_OF_HOURS_TELEPHONE,
            office_opens="08:45",
            office_closes="17:15",
            secure_domains="\n".join(people.SECURE_DOMAINS),
            closure_days="",
            meeting_place=people.MEETING_PLACE,
            police_form_email=people.POLICE_FORM_EMAIL,
            police_form_telephone=people.POLICE_FORM_TELEPHONE,
            medical_form_email=people.MEDICAL_FORM_EMAIL,
            medical_telephone=people.MEDICAL_TELEPHONE,
            medical_reception_telephone=people.MEDICAL_RECEPTION_TELEPHONE,
            quality_email=people.QUALITY_EMAIL,
        ),
        None,
        now,
    )


def _staff(session: Session, password: str, now: datetime) -> dict[Role, tuple[StaffMember, ...]]:
    # Straight into the tables: the service gives one-time passwords, and these accounts are
    # ready for use, second factor included.
    found: dict[Role, tuple[StaffMember, ...]] = {}
    for person in people.STAFF:
        row = Staff(
            name=person.name,
            email=person.email,
            telephone=next(_TELEPHONES),
            password_hash=hash_password(password),
            must_set_password=False,
            totp_secret=new_secret(),
            totp_confirmed_at=now,
            failures=0,
            created_at=now,
            roles=[StaffRole(role=role) for role in person.roles],
        )
        session.add(row)
        session.flush()
        member = StaffMember(
            id=row.id,
            name=row.name,
            email=row.email,
            roles=frozenset(person.roles),
            session_id=0,
            last_seen_at=now,
            reauthenticated_at=now,
            token="",
        )
        for role in person.roles:
            found[role] = (*found.get(role, ()), member)
    return found


def _directory(session: Session, now: datetime) -> tuple[Professional, ...]:
    found = []
    for agency in people.AGENCIES:
        row = directory.add_agency(session, SYSTEM, AgencyGiven(agency.name, agency.kind), now)
        for name, role, title, email, is_team, decides in agency.people:
            found.append(
                directory.add_professional(
                    session,
                    SYSTEM,
                    ProfessionalGiven(
                        agency_id=row.id,
                        name=name,
                        role=role,
                        title=title,
                        email=email,
                        telephone=next(_TELEPHONES),
                        is_team=is_team,
                        decision_maker=decides,
                        # Desks answer round the clock; people work the hours of an office.
                        works_days="" if is_team else "12345",
                        works_from="" if is_team else "08:30",
                        works_to="" if is_team else "16:30",
                    ),
                    now,
                )
            )
    return tuple(found)


def guest(agency: str) -> Actor:
    """Somebody who answered through a link."""
    return Actor(ActorKind.GUEST, None, f"invitee: {agency}")
