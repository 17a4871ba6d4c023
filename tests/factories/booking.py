"""A case that is ready to be booked, and orders for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role, StaffMember
from app.directory.models import ConferenceLine, Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.types import BookingOrder, Chosen
from app.meetings.models import Meeting
from app.meetings.types import Format, MeetingState
from app.referrals.sender import Sender
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_conference_line, make_meeting, make_person

SENDER = Sender(mail_from="rna-desk@example.org", base_url="http://desk.example.org")
TEN_ON_SATURDAY = FRIDAY.replace(day=21, hour=10, minute=0)

_WHO = (
    (ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE),
    (ProfessionalRole.HEALTH_VISITOR, AgencyKind.HEALTH),
    (ProfessionalRole.SAFEGUARDING_LEAD, AgencyKind.EDUCATION),
    (ProfessionalRole.GP, AgencyKind.HEALTH),
    (ProfessionalRole.EARLY_HELP_WORKER, AgencyKind.EARLY_HELP),
    (ProfessionalRole.HOUSING_OFFICER, AgencyKind.HOUSING),
    (ProfessionalRole.PROBATION_OFFICER, AgencyKind.PROBATION),
)


@dataclass
class Ready:
    """A discussion that is needed, a chair, a line, seven professionals."""

    meeting: Meeting
    chair: Staff
    line: ConferenceLine
    people: list[Professional]


def make_ready(session: Session, *, pins: int = 20, line: ConferenceLine | None = None) -> Ready:
    chair = make_staff(session, Role.CHAIR)
    return Ready(
        meeting=make_meeting(session, MeetingState.NEEDED, chair=chair),
        chair=chair,
        line=line or make_conference_line(session, pins=pins),
        people=[make_person(session, role, kind) for role, kind in _WHO],
    )


def make_member(staff: Staff) -> StaffMember:
    """Somebody as the session behind a request knows them."""
    return StaffMember(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        roles=frozenset(held.role for held in staff.roles),
        session_id=0,
        last_seen_at=FRIDAY,
        reauthenticated_at=None,
        token="",
    )


def make_order(
    ready: Ready, start: datetime = TEN_ON_SATURDAY, people: int = 7, **changes: object
) -> BookingOrder:
    values: dict[str, object] = {
        "starts_at": start,
        "minutes": 45,
        "format": Format.CALL,
        "place": None,
        "chair_id": ready.chair.id,
        "line_id": ready.line.id,
        "people": tuple(
            Chosen(why="Asked by rule", professional_id=person.id, rule_id="police")
            for person in ready.people[:people]
        ),
        "left_out": (),
        "late_reason": None,
    }
    return BookingOrder(**(values | changes))  # type: ignore[arg-type]
