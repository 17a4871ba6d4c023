"""Discussions for tests, made directly of rows: one of each kind, in any state."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from uuid import uuid4

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.crypto import new_reference
from app.directory.models import Agency, ConferenceLine, CouncilSettings, LinePin, Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.invitations.models import Invitation
from app.meetings.models import Invitee, LineQuarter, Meeting, MeetingChild
from app.meetings.types import Answer, Format, MeetingState, Route
from app.protocols.exchange import snapshot
from app.protocols.loading import load_protocols
from app.protocols.rules import clocks, limit_of
from app.protocols.types import Clock, Due, Facts, Protocol
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.types import Channel, Concern, ConsentState, Flag, LawfulBasis, ReferralState
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.directory import make_agency, make_professional

_numbers = itertools.count(1)

QUARTER = timedelta(minutes=15)

# Social care (chair), police, health, then who else is usual: the order in which they are made.
_INVITED: tuple[tuple[AgencyKind, ProfessionalRole], ...] = (
    (AgencyKind.POLICE, ProfessionalRole.POLICE_CAIT),
    (AgencyKind.HEALTH, ProfessionalRole.HEALTH_VISITOR),
    (AgencyKind.EDUCATION, ProfessionalRole.SAFEGUARDING_LEAD),
    (AgencyKind.HEALTH, ProfessionalRole.GP),
    (AgencyKind.HOUSING, ProfessionalRole.HOUSING_OFFICER),
    (AgencyKind.EARLY_HELP, ProfessionalRole.EARLY_HELP_WORKER),
    (AgencyKind.PROBATION, ProfessionalRole.PROBATION_OFFICER),
)


@cache
def shipped_protocols() -> Mapping[str, Protocol]:
    return load_protocols()


def make_council(session: Session, protocol: str = "bromley") -> CouncilSettings:
    """The council's settings: the row that is there, or a new one."""
    settings = session.get(CouncilSettings, 1)
    if settings is None:
        settings = CouncilSettings(
            id=1,
            authority="Ashford Vale Council",
            protocol_id=protocol,
            desk_name="Referral and assessment desk",
            desk_telephone="020 7946 0100",
            desk_email="rna-desk@example.org",
            out_of_hours_telephone="020 7946 0199",
            office_opens="09:00",
            office_closes="17:00",
            secure_domains=["police.example"],
            closure_days=[],
            meeting_place="Room 2, Civic Centre",
            police_form_email="cait.requests@police.example",
            police_form_telephone="020 7946 0130",
            medical_form_email="medicals@health.example",
            medical_telephone="020 7946 0140",
            medical_reception_telephone="020 7946 0141",
            extra={},
        )
        session.add(settings)
        session.flush()
    return settings


def make_person(
    session: Session,
    role: ProfessionalRole = ProfessionalRole.HEALTH_VISITOR,
    kind: AgencyKind = AgencyKind.HEALTH,
    *,
    agency: Agency | None = None,
    name: str | None = None,
    email: str | None = "given",
    away_until: datetime | None = None,
    decision_maker: bool = True,
    is_team: bool = False,
) -> Professional:
    """Somebody in the directory, with an agency of their own unless one is given."""
    number = next(_numbers)
    return make_professional(
        session,
        role,
        agency or make_agency(session, kind),
        name or f"Professional {number}",
        email=f"person{number}@agency.example" if email == "given" else email,
        is_team=is_team,
        decision_maker=decision_maker,
        away_until=away_until,
    )


def make_conference_line(session: Session, pins: int = 20) -> ConferenceLine:
    """A conference line with a list of unused PINs."""
    number = next(_numbers)
    line = ConferenceLine(
        name=f"Line {number}", telephone=f"020 7946 0{200 + number % 700:03d}", ended_at=None
    )
    session.add(line)
    session.flush()
    session.add_all(
        LinePin(line_id=line.id, pin=f"{number % 1000:03d}{each:03d}", used_at=None)
        for each in range(pins)
    )
    session.flush()
    return line


def make_known_child(
    session: Session,
    given: str = "Amara",
    family: str = "Okonjo",
    *,
    born: date | None = date(2019, 3, 27),
    looked_after: bool = False,
    at: datetime = FRIDAY,
) -> Child:
    child = Child(
        ref=new_reference("CH"),
        given_name=given,
        family_name=family,
        date_of_birth=born,
        due_date=None,
        gender=None,
        ethnicity=None,
        religion=None,
        first_language=None,
        needs_interpreter=False,
        disability=None,
        looked_after=looked_after,
        address="12 Sycamore Close",
        case_reference=None,
        created_at=at,
    )
    session.add(child)
    session.flush()
    return child


def make_case(
    session: Session,
    *,
    children: int = 2,
    at: datetime = FRIDAY,
    staff: Staff | None = None,
    concerns: tuple[Concern, ...] = (Concern.PHYSICAL_ABUSE,),
    flags: tuple[Flag, ...] = (),
    referrer: Professional | None = None,
    looked_after: bool = False,
) -> Referral:
    """A referral with children, received at `at`."""
    staff = staff or make_staff(session, Role.TRIAGE)
    source = referrer.agency_id if referrer else make_agency(session, AgencyKind.EDUCATION).id
    named = [("Amara", "Okonjo"), ("Tobi", "Okonjo"), ("Ngozi", "Okonjo"), ("Ade", "Okonjo")]
    referral = Referral(
        ref=new_reference("RF"),
        state=ReferralState.RECEIVED,
        received_at=at,
        recorded_at=at,
        recorded_by_id=staff.id,
        in_office_hours=True,
        channel=Channel.PHONE,
        source_agency_id=source,
        referrer_name=referrer.name if referrer else "Head of Year",
        referrer_role=referrer.title if referrer else "Teacher",
        referrer_email=None,
        referrer_telephone="01632 960300",
        referrer_professional_id=referrer.id if referrer else None,
        concerns=[concern.value for concern in concerns],
        flags=[flag.value for flag in flags],
        narrative="Bruising seen on both arms at registration.",
        domestic_abuse=None,
        rating=None,
        identified_at=at,
        need_identified_at=None,
        immediate_action_at=None,
        hospital=None,
        consent=ConsentState.NOT_SOUGHT,
        lawful_basis=LawfulBasis.SIGNIFICANT_HARM,
        earlier_referral_id=None,
        decision_due_at=at + timedelta(hours=24),
        act_by_at=at + timedelta(hours=24),
        outcome=None,
        decided_at=None,
    )
    referral.children = [
        ReferralChild(
            child_id=make_known_child(
                session, *named[each % 4], born=date(2013 + each, 3, 27), looked_after=looked_after
            ).id,
            position=each,
        )
        for each in range(children)
    ]
    session.add(referral)
    session.flush()
    return referral


def make_meeting(
    session: Session,
    state: MeetingState = MeetingState.BOOKED,
    invitees: int = 3,
    children: int = 2,
    *,
    at: datetime = FRIDAY,
    chair: Staff | None = None,
    referral: Referral | None = None,
    protocol: str = "bromley",
    start: datetime | None = None,
) -> Meeting:
    """A discussion in any state. `invitees` are the chair and then police, health, school ...

    `at` is when the need was decided. A booked one takes place at `start`, by default at ten the
    morning after, with a line and a PIN; what follows (started, ended, signed) has its times.
    """
    chair = chair or make_staff(session, Role.CHAIR)
    make_council(session, protocol)
    referral = referral or make_case(session, children=children, at=at)
    facts = Facts(received_at=at, identified_at=at, need_identified_at=at)
    rules = shipped_protocols()[protocol]
    dues = clocks(rules, facts)
    due = dues[Clock.STRATEGY_DISCUSSION]
    held = state not in (MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.CANCELLED)
    start = start or _morning_after(at)
    meeting = Meeting(
        ref=new_reference("SD"),
        referral_id=referral.id,
        state=state,
        route=Route.BOOKED,
        format=Format.CALL,
        need_reason="Unexplained injury: reasonable cause to suspect significant harm.",
        need_decided_by_id=chair.id,
        need_decided_at=at,
        created_at=at,
        due_at=due.due_at if isinstance(due, Due) else None,
        limit_at=limit_of(due) if isinstance(due, Due) else None,
        clocks=snapshot(rules, facts, dues),
        late_reason=None,
        chair_id=chair.id,
        starts_at=None,
        ends_at=None,
        place=None,
        line_id=None,
        pin_id=None,
        typed_dial_in=None,
        started_at=start if held else None,
        ended_at=None,
        record_due_at=None,
        signed_at=None,
        circulated_at=None,
        cancelled_at=at + timedelta(hours=1) if state is MeetingState.CANCELLED else None,
        cancel_reason="Booked in error." if state is MeetingState.CANCELLED else None,
    )
    if held and state is not MeetingState.UNDER_WAY:
        meeting.ended_at = start + timedelta(minutes=40)
        meeting.record_due_at = meeting.ended_at + timedelta(hours=24)
    if state is MeetingState.SIGNED and meeting.ended_at:
        meeting.signed_at = meeting.ended_at + timedelta(hours=1)
    meeting.children = [
        MeetingChild(child_id=child.child_id, position=child.position)
        for child in referral.children
    ]
    session.add(meeting)
    session.flush()
    if state is not MeetingState.NEEDED:
        _give_a_line(session, meeting, start)
        _invite(session, meeting, chair, invitees, at)
    session.flush()
    session.refresh(meeting)
    return meeting


def make_invitee(
    session: Session,
    meeting: Meeting,
    role: ProfessionalRole = ProfessionalRole.HEALTH_VISITOR,
    kind: AgencyKind = AgencyKind.HEALTH,
    *,
    staff: Staff | None = None,
    person: Professional | None = None,
    at: datetime = FRIDAY,
) -> Invitee:
    """One invitee with an invitation; from the directory unless a member of staff is given."""
    if staff is None:
        person = person or make_person(session, role, kind)
    name = staff.name if staff else person.name if person else ""
    email = staff.email if staff else person.email if person else None
    invitation = Invitation(
        uid=str(uuid4()),
        sequence=0,
        name=name,
        email=email or "",
        is_team=bool(person and person.is_team),
        created_at=at,
        cancelled_at=None,
        revoked_at=None,
        expires_at=None,
    )
    session.add(invitation)
    session.flush()
    invitee = Invitee(
        meeting_id=meeting.id,
        professional_id=person.id if person else None,
        staff_id=staff.id if staff else None,
        invitation_id=invitation.id,
        name=name,
        title=person.title if person else "Chair",
        role=person.role if person else ProfessionalRole.SOCIAL_WORKER,
        agency_id=person.agency_id if person else None,
        agency_name=person.agency.name if person else "Children's social care",
        agency_kind=person.agency.kind if person else AgencyKind.SOCIAL_CARE,
        email=email,
        telephone=person.telephone if person else staff.telephone if staff else None,
        is_team=bool(person and person.is_team),
        decision_maker=person.decision_maker if person else True,
        rule_id=None,
        why="Asked to take part",
        invited_at=at,
        removed_at=None,
        removed_reason=None,
        answer=Answer.NONE,
        answered_at=None,
        answer_note=None,
        deputy_for_id=None,
        attendance=None,
        attended_name=None,
        attended_role=None,
    )
    session.add(invitee)
    session.flush()
    return invitee


def _invite(
    session: Session,
    meeting: Meeting,
    chair: Staff,
    count: int,
    at: datetime,
) -> None:
    if count > 0:
        make_invitee(session, meeting, staff=chair, at=at)
    for each in range(count - 1):
        kind, role = _INVITED[each % len(_INVITED)]
        make_invitee(session, meeting, role, kind, at=at)


def _give_a_line(session: Session, meeting: Meeting, start: datetime) -> None:
    line = make_conference_line(session, pins=5)
    pin = session.query(LinePin).filter(LinePin.line_id == line.id).order_by(LinePin.id).first()
    assert pin is not None
    pin.used_at = meeting.created_at
    meeting.line_id, meeting.pin_id = line.id, pin.id
    meeting.starts_at, meeting.ends_at = start, start + timedelta(minutes=45)
    if meeting.state is MeetingState.CANCELLED:
        return
    session.add_all(
        LineQuarter(line_id=line.id, quarter=start + each * QUARTER, meeting_id=meeting.id)
        for each in range(3)
    )


def _morning_after(at: datetime) -> datetime:
    day = at.astimezone(UTC).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, 10, 0, tzinfo=UTC)
