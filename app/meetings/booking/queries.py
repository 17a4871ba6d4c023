"""What booking reads: the case, the people who could come, what is taken already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, bindparam, exists, or_, select
from sqlalchemy.orm import Session, lazyload

from app.accounts.models import Staff
from app.directory import queries as directory
from app.directory.models import Agency, ConferenceLine, CouncilSettings, LinePin, Professional
from app.directory.rules import opening
from app.directory.types import ProfessionalRole
from app.meetings.booking.addresses import Known
from app.meetings.booking.types import (
    CaseFacts,
    Diary,
    Involved,
    OfficeHours,
    Person,
    Referrer,
    Span,
)
from app.meetings.models import Invitee, LineQuarter, Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Child, ChildProfessional, Referral
from app.referrals.types import Concern, Flag

_INVOLVED = (
    select(Professional, ChildProfessional.actively_involved, ChildProfessional.lead)
    .join(ChildProfessional, ChildProfessional.professional_id == Professional.id)
    .where(Professional.ended_at.is_(None))
    .order_by(Professional.id)
)
_TAKEN = select(LineQuarter.line_id, LineQuarter.quarter)
_CHAIRED = select(Meeting.starts_at, Meeting.ends_at).where(Meeting.state == MeetingState.BOOKED)
_INVITED_ELSEWHERE = (
    select(Invitee.name, Meeting.starts_at, Meeting.ends_at)
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(Meeting.state == MeetingState.BOOKED, Invitee.removed_at.is_(None))
)
_USABLE = (
    select(ConferenceLine.id, ConferenceLine.name)
    .where(
        ConferenceLine.ended_at.is_(None),
        or_(
            ConferenceLine.id == bindparam("own", type_=Integer),
            exists().where(LinePin.line_id == ConferenceLine.id, LinePin.used_at.is_(None)),
        ),
    )
    .order_by(ConferenceLine.name)
)
_HOLDER = (
    select(Meeting.ref, Meeting.starts_at, Meeting.ends_at, Staff.name)
    .join(LineQuarter, LineQuarter.meeting_id == Meeting.id)
    .outerjoin(Staff, Staff.id == Meeting.chair_id)
    .order_by(LineQuarter.quarter)
    .limit(1)
)


_KNOWN = (
    select(Professional.name, Agency.name, Professional.email)
    .join(Agency, Agency.id == Professional.agency_id)
    .where(Professional.ended_at.is_(None))
)


class Holder(NamedTuple):
    """The discussion that has a line at some time."""

    ref: str
    starts_at: datetime | None
    ends_at: datetime | None
    chair: str | None


def person_of(row: Professional) -> Person:
    """Somebody in the directory, as the rules see them."""
    return Person(
        id=row.id,
        name=row.name,
        role=row.role,
        title=row.title,
        agency_id=row.agency_id,
        agency_name=row.agency.name,
        agency_kind=row.agency.kind,
        email=row.email or None,
        telephone=row.telephone or None,
        is_team=row.is_team,
        decision_maker=row.decision_maker,
        away_until=row.away_until,
    )


def case_of(session: Session, meeting: Meeting) -> CaseFacts:
    """What the rules of C2 and C3 ask of a discussion's case."""
    referral = (
        # The children are the discussion's own; those of the referral are not asked for.
        session.get(Referral, meeting.referral_id, options=[lazyload(Referral.children)])
        if meeting.referral_id
        else None
    )
    return case_facts(session, referral, [child.child_id for child in meeting.children])


def case_facts(session: Session, referral: Referral | None, child_ids: list[int]) -> CaseFacts:
    """The same before there is a discussion: of a referral, or of children alone (A11)."""
    looked_after = session.execute(
        select(Child.id).where(Child.id.in_(child_ids), Child.looked_after).limit(1)
    ).first()
    rows = session.execute(_INVOLVED.where(ChildProfessional.child_id.in_(child_ids)))
    involved: dict[int, Involved] = {}
    for row, active, lead in rows:
        known = involved.get(row.id)
        involved[row.id] = Involved(
            person=person_of(row),
            actively_involved=active or bool(known and known.actively_involved),
            lead=lead or bool(known and known.lead),
        )
    if referral is None:
        return CaseFacts(looked_after=looked_after is not None, involved=tuple(involved.values()))
    return CaseFacts(
        concerns=frozenset(Concern(value) for value in referral.concerns),
        flags=frozenset(Flag(value) for value in referral.flags),
        looked_after=looked_after is not None,
        hospital=referral.hospital,
        referrer=_referrer(session, referral),
        involved=tuple(involved.values()),
        perpetrator_agencies=frozenset(
            adult.employer_id
            for adult in referral.adults
            if adult.alleged_perpetrator and adult.employer_id is not None
        ),
    )


def known_addresses(session: Session) -> list[Known]:
    """Everybody in the directory, to compare somebody typed with."""
    return [Known(*row) for row in session.execute(_KNOWN)]


def people_with(session: Session, roles: Collection[ProfessionalRole]) -> list[Person]:
    """Everybody active with one of these roles."""
    return [person_of(row) for row in directory.active_people(session, *roles)] if roles else []


def people_by_id(session: Session, ids: Collection[int]) -> dict[int, Person]:
    """These people of the directory."""
    return {row.id: person_of(row) for row in directory.professionals(session, ids)}


def office_hours(council: CouncilSettings) -> OfficeHours:
    """When the council works (B3)."""
    return OfficeHours(
        opens=opening(council.office_opens),
        closes=opening(council.office_closes),
        closure_days=frozenset(date.fromisoformat(day) for day in council.closure_days),
    )


def diary(
    session: Session,
    meeting: Meeting,
    chair_id: int | None,
    first: datetime,
    last: datetime,
) -> Diary:
    """What is taken of chair and lines between two moments, this discussion's own line and time
    left aside (C1)."""
    return Diary(
        lines=lines_with_pins(session, meeting),
        taken=lines_taken(session, meeting, first, last),
        chair=chaired(session, meeting, chair_id, first, last),
    )


def lines_taken(
    session: Session, meeting: Meeting, first: datetime, last: datetime
) -> dict[int, frozenset[datetime]]:
    """The quarters of each line that other discussions have."""
    taken: defaultdict[int, set[datetime]] = defaultdict(set)
    for line_id, quarter in session.execute(
        _TAKEN.where(
            LineQuarter.quarter >= first,
            LineQuarter.quarter <= last,
            LineQuarter.meeting_id != meeting.id,
        )
    ):
        taken[line_id].add(quarter)
    return {line_id: frozenset(quarters) for line_id, quarters in taken.items()}


def chaired(
    session: Session, meeting: Meeting, chair_id: int | None, first: datetime, last: datetime
) -> tuple[Span, ...]:
    """When this person chairs other booked discussions."""
    if chair_id is None:
        return ()
    rows = session.execute(
        _CHAIRED.where(Meeting.chair_id == chair_id, *_within(meeting, first, last))
    )
    return tuple((start, end) for start, end in rows if start and end)


def invited_elsewhere(
    session: Session, meeting: Meeting, people: Collection[int], first: datetime, last: datetime
) -> dict[str, tuple[Span, ...]]:
    """When these people are invited to other booked discussions, by name."""
    if not people:
        return {}
    busy: defaultdict[str, list[Span]] = defaultdict(list)
    for name, start, end in session.execute(
        # A duty desk takes part in several at once; one person cannot.
        _INVITED_ELSEWHERE.where(
            Invitee.professional_id.in_(people),
            Invitee.is_team.is_(False),
            *_within(meeting, first, last),
        )
    ):
        if start and end:
            busy[name].append((start, end))
    return {name: tuple(spans) for name, spans in busy.items()}


def _within(
    meeting: Meeting, first: datetime, last: datetime
) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    return Meeting.starts_at <= last, Meeting.ends_at >= first, Meeting.id != meeting.id


def lines_with_pins(session: Session, meeting: Meeting) -> tuple[tuple[int, str], ...]:
    """Lines that can be taken: its own first, then those with a PIN left, by name (C4)."""
    usable = [
        (line_id, name) for line_id, name in session.execute(_USABLE, {"own": meeting.line_id})
    ]
    return tuple(sorted(usable, key=lambda line: line[0] != meeting.line_id))


def holder_of(session: Session, line_id: int, quarters: Collection[datetime]) -> Holder | None:
    """Which discussion has the line in one of these quarters."""
    row = session.execute(
        _HOLDER.where(LineQuarter.line_id == line_id, LineQuarter.quarter.in_(list(quarters)))
    ).first()
    return None if row is None else Holder(*row)


def chaired_at(
    session: Session, chair_id: int, start: datetime, end: datetime, but: int
) -> Holder | None:
    """Another booked discussion that this person chairs at that time."""
    row = session.execute(
        select(Meeting.ref, Meeting.starts_at, Meeting.ends_at, Staff.name)
        .join(Staff, Staff.id == Meeting.chair_id)
        .where(
            Meeting.chair_id == chair_id,
            Meeting.state == MeetingState.BOOKED,
            Meeting.starts_at < end,
            Meeting.ends_at > start,
            Meeting.id != but,
        )
        .limit(1)
    ).first()
    return None if row is None else Holder(*row)


def _referrer(session: Session, referral: Referral) -> Referrer | None:
    agency = session.get(Agency, referral.source_agency_id)
    if agency is None:
        return None
    known = (
        session.get(Professional, referral.referrer_professional_id)
        if referral.referrer_professional_id
        else None
    )
    return Referrer(
        name=referral.referrer_name,
        title=referral.referrer_role,
        agency_id=agency.id,
        agency_name=agency.name,
        agency_kind=agency.kind,
        person=person_of(known) if known and known.ended_at is None else None,
        contact=referral.referrer_contact,
    )
