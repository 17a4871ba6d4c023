"""Domestic abuse cases and lists for tests, through the services that the pages use."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.directory.models import Agency
from app.directory.types import AgencyKind
from app.protocols.registry import active
from app.protocols.types import Series
from app.referrals.abuse import service
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import CaseGiven, PersonGiven, PersonKind
from app.referrals.lists import service as lists
from app.referrals.lists.models import ListSitting
from app.referrals.types import DomesticAbuseRisk
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.directory import make_agency, make_settings


def actor_of(session: Session, *roles: Role) -> Actor:
    staff = make_staff(session, *(roles or (Role.TRIAGE,)))
    return Actor(ActorKind.STAFF, staff.id, staff.name)


def use_protocol(session: Session, protocol_id: str) -> None:
    """Let the council work by another protocol."""
    make_settings(session).protocol_id = protocol_id
    session.flush()


def make_abuse_case(
    session: Session,
    risk: DomesticAbuseRisk = DomesticAbuseRisk.MEDIUM,
    *,
    at: datetime = FRIDAY,
    account: str = "A neighbour heard shouting. Officers spoke to both adults.",
    child: tuple[str, str] | None = ("Ottoline", "Greywether"),
    born: date | None = date(2018, 5, 4),
    protocol: str = "north-lincolnshire",
) -> AbuseCase:
    use_protocol(session, protocol)
    police = session.execute(
        select(Agency).where(Agency.kind == AgencyKind.POLICE).limit(1)
    ).scalar_one_or_none() or make_agency(session, AgencyKind.POLICE)
    staff = session.execute(select(Staff).limit(1)).scalar_one_or_none()
    actor = Actor(ActorKind.STAFF, staff.id, staff.name) if staff is not None else actor_of(session)
    people = [PersonGiven(PersonKind.HARMED, "Marigold", "Greywether", date(1990, 2, 3))]
    if child is not None:
        people.append(PersonGiven(PersonKind.CHILD, *child, born))
    return service.enter_case(
        session,
        actor,
        CaseGiven(
            received_at=at,
            risk=risk,
            account=account,
            source_agency_id=police.id,
            incident="16/4455/26",
            address="3 Example Row, Exampleton",
            people=tuple(people),
        ),
        at,
    )


def series_of(protocol_id: str = "north-lincolnshire") -> Series:
    (series,) = active(protocol_id).series
    return series


def make_list(
    session: Session, at: datetime = FRIDAY, protocol_id: str = "north-lincolnshire"
) -> ListSitting:
    use_protocol(session, protocol_id)
    return lists.open_list(session, actor_of(session), series_of(protocol_id), at)
