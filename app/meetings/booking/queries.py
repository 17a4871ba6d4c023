"""What booking reads: the discussion, its case and who is on its list.

Statements are built once, of columns of the tables: the page asks eight of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import FromClause, Select, bindparam, select
from sqlalchemy.orm import Session

from app.core.database import table
from app.directory.models import Agency, CouncilSettings, Professional
from app.directory.rules import opening
from app.directory.types import CouncilNotSetUp
from app.meetings.booking.could_come import A_PERSON, person_at, person_columns
from app.meetings.booking.types import (
    CaseFacts,
    CouncilFacts,
    HeldMeeting,
    Involved,
    OfficeHours,
    OnTheList,
    Outside,
    OutsideKind,
    Person,
    Referrer,
)
from app.meetings.models import Invitee, Meeting, MeetingChild
from app.meetings.open_case.models import OpenCase
from app.meetings.open_case.queries import employers_in_open_case, employers_in_referral
from app.meetings.open_case.types import About
from app.referrals.employers import employers_of
from app.referrals.models import Child, ChildProfessional, Referral
from app.referrals.types import Concern, Flag

_MEETING, _REFERRAL, _COUNCIL = table(Meeting), table(Referral), table(CouncilSettings)
_AGENCY, _PROFESSIONAL = table(Agency), table(Professional)
_EMPLOYER = _AGENCY.alias("employer")
_CHILD, _OF_CHILD, _OF_MEETING = table(Child), table(ChildProfessional), table(MeetingChild)
_INVITEE, _OPEN_CASE = table(Invitee), table(OpenCase)


_HELD = (
    _MEETING.c.id,
    _MEETING.c.ref,
    _MEETING.c.state,
    _MEETING.c.format,
    _MEETING.c.due_at,
    _MEETING.c.started_at,
    _MEETING.c.clocks,
    _MEETING.c.chair_id,
    _MEETING.c.starts_at,
    _MEETING.c.ends_at,
    _MEETING.c.place,
    _MEETING.c.line_id,
    _MEETING.c.typed_dial_in,
    _MEETING.c.late_reason,
    _MEETING.c.sooner_due_at,
)
_SAID = (
    _REFERRAL.c.id,
    _REFERRAL.c.concerns,
    _REFERRAL.c.flags,
    _REFERRAL.c.hospital,
    _REFERRAL.c.referrer_name,
    _REFERRAL.c.referrer_role,
    _REFERRAL.c.referrer_email,
    _REFERRAL.c.referrer_telephone,
    _AGENCY.c.id,
    _AGENCY.c.name,
    _AGENCY.c.kind,
    *person_columns(_PROFESSIONAL.c, _EMPLOYER.c),
)
_OF_COUNCIL = (
    _COUNCIL.c.desk_name,
    _COUNCIL.c.desk_telephone,
    _COUNCIL.c.out_of_hours_telephone,
    _COUNCIL.c.meeting_place,
    _COUNCIL.c.secure_domains,
    _COUNCIL.c.office_opens,
    _COUNCIL.c.office_closes,
    _COUNCIL.c.closure_days,
)
# What is said of an open case, which has no referral (A11).
_SAID_OPEN = (_OPEN_CASE.c.id, _OPEN_CASE.c.concerns, _OPEN_CASE.c.flags, _OPEN_CASE.c.hospital)


def _with_referrer(held: FromClause) -> FromClause:
    """One row after the other, never a join of its own on the right: SQLite would put that
    together for every referral there is before it looks up one."""
    return (
        held.outerjoin(_AGENCY, _AGENCY.c.id == _REFERRAL.c.source_agency_id)
        .outerjoin(
            _PROFESSIONAL,
            (_PROFESSIONAL.c.id == _REFERRAL.c.referrer_professional_id)
            & _PROFESSIONAL.c.ended_at.is_(None),
        )
        .outerjoin(_EMPLOYER, _EMPLOYER.c.id == _PROFESSIONAL.c.agency_id)
    )


_BY_REF = (
    select(*_HELD, *_OF_COUNCIL, *_SAID_OPEN, *_SAID)
    .select_from(
        _with_referrer(
            _MEETING.outerjoin(_COUNCIL, _COUNCIL.c.id == 1)
            .outerjoin(_OPEN_CASE, _OPEN_CASE.c.meeting_id == _MEETING.c.id)
            .outerjoin(_REFERRAL, _REFERRAL.c.id == _MEETING.c.referral_id)
        )
    )
    .where(_MEETING.c.ref == bindparam("ref"))
)
_BY_REFERRAL = (
    select(*_SAID)
    .select_from(_with_referrer(_REFERRAL))
    .where(_REFERRAL.c.id == bindparam("referral_id"))
)
_OF_A_CHILD = (
    _CHILD.c.id,
    _CHILD.c.given_name,
    _CHILD.c.family_name,
    _CHILD.c.looked_after,
    _CHILD.c.school_typed,
    _CHILD.c.gp_typed,
    _CHILD.c.health_typed,
)
_CHILDREN = (
    select(*_OF_A_CHILD)
    .join(_OF_MEETING, _OF_MEETING.c.child_id == _CHILD.c.id)
    .where(_OF_MEETING.c.meeting_id == bindparam("meeting_id"))
    .order_by(_OF_MEETING.c.position)
)
_THESE_CHILDREN = (
    select(*_OF_A_CHILD)
    .where(_CHILD.c.id.in_(bindparam("children", expanding=True)))
    .order_by(_CHILD.c.id)
)
_INVOLVED = (
    select(*A_PERSON, _OF_CHILD.c.actively_involved, _OF_CHILD.c.lead)
    .join(_OF_CHILD, _OF_CHILD.c.professional_id == _PROFESSIONAL.c.id)
    .join(_AGENCY, _AGENCY.c.id == _PROFESSIONAL.c.agency_id)
    .where(
        _OF_CHILD.c.child_id.in_(bindparam("children", expanding=True)),
        _PROFESSIONAL.c.ended_at.is_(None),
        _AGENCY.c.ended_at.is_(None),
    )
    .order_by(_PROFESSIONAL.c.id)
)
_AGENCIES = select(_AGENCY.c.name).where(_AGENCY.c.id.in_(bindparam("ids", expanding=True)))
_ON_THE_LIST: Select[Any] = (
    select(
        _INVITEE.c.id,
        _INVITEE.c.staff_id,
        _INVITEE.c.name,
        _INVITEE.c.title,
        _INVITEE.c.role,
        _INVITEE.c.agency_name,
        _INVITEE.c.agency_kind,
        _INVITEE.c.decision_maker,
        _INVITEE.c.why,
        _INVITEE.c.answer,
        _INVITEE.c.professional_id,
        _INVITEE.c.agency_id,
        _INVITEE.c.rule_id,
    )
    .where(
        _INVITEE.c.meeting_id == bindparam("meeting_id"),
        _INVITEE.c.removed_at.is_(None),
    )
    .order_by(_INVITEE.c.id)
)


@dataclass(frozen=True, slots=True)
class Read:
    """A discussion with its case and the council's settings, as one page needs them."""

    meeting: HeldMeeting
    council: CouncilFacts
    children: tuple[str, ...]  # their names, in order
    case: CaseFacts


def read(session: Session, ref: str) -> Read | None:
    """The discussion with this reference, or None. Raises CouncilNotSetUp."""
    row = session.execute(_BY_REF, {"ref": ref}).one_or_none()
    if row is None:
        return None
    held, rest = row[: len(_HELD)], row[len(_HELD) :]
    council, rest = rest[: len(_OF_COUNCIL)], rest[len(_OF_COUNCIL) :]
    own, said = rest[: len(_SAID_OPEN)], rest[len(_SAID_OPEN) :]
    if council[0] is None:
        raise CouncilNotSetUp
    meeting = HeldMeeting(*held)
    children = session.execute(_CHILDREN, {"meeting_id": meeting.id}).all()
    if said[0] is not None:
        facts = _said_by_referral(session, said)
    else:
        facts = CaseFacts() if own[0] is None else _said_of_open_case(session, *own)
    return Read(
        meeting=meeting,
        council=_council(council),
        children=tuple(f"{one.given_name} {one.family_name}".strip() for one in children),
        case=_with_children(session, facts, children),
    )


def case_facts(
    session: Session,
    referral_id: int | None,
    child_ids: Sequence[int],
    about: About | None = None,
) -> CaseFacts:
    """What the rules of C2 and C3 ask before there is a discussion: of a referral, or of children
    of an open case and what was said about it (A11)."""
    facts = CaseFacts()
    if referral_id is not None:
        said = session.execute(_BY_REFERRAL, {"referral_id": referral_id}).one_or_none()
        facts = facts if said is None else _said_by_referral(session, said)
    elif about is not None:
        facts = _as_typed(session, about)
    children = session.execute(_THESE_CHILDREN, {"children": child_ids}).all()
    return _with_children(session, facts, children)


def _with_children(session: Session, facts: CaseFacts, children: Sequence[Any]) -> CaseFacts:
    """What was said, with who works with the children: rows of `_OF_A_CHILD`."""
    involved: dict[int, Involved] = {}
    for row in session.execute(_INVOLVED, {"children": [one.id for one in children]}):
        *person, active, lead = row
        known = involved.get(person[0])
        involved[person[0]] = Involved(
            person=Person(*person),
            actively_involved=active or bool(known and known.actively_involved),
            lead=lead or bool(known and known.lead),
        )
    typed = (
        (kind, " ".join(words.split()))
        for child in children
        for kind, words in (
            (OutsideKind.SCHOOL, child.school_typed),
            (OutsideKind.GP, child.gp_typed),
            (OutsideKind.HEALTH, child.health_typed),
        )
        if words
    )
    # Brothers and sisters often have the same school and practice.
    once = {(kind, words.casefold()): Outside(kind, words) for kind, words in typed}
    return replace(
        facts,
        looked_after=any(one.looked_after for one in children),
        involved=tuple(involved.values()),
        outside=tuple(once.values()),
    )


def _said_by_referral(session: Session, said: Sequence[Any]) -> CaseFacts:
    """`said` is a row of `_SAID`."""
    referral_id, concerns, flags, hospital, name, title, email, telephone, *rest = said
    agency_id, agency_name, agency_kind, *person = rest
    if person[0] is None and email:
        # Whoever gave the address under which the directory knows somebody is that person: two
        # proposals with one address could not both be sent.
        known = person_at(session, email)
    else:
        known = None if person[0] is None else Person(*person)
    return CaseFacts(
        concerns=frozenset(Concern(value) for value in concerns),
        flags=frozenset(Flag(value) for value in flags),
        hospital=hospital,
        referrer=None
        if agency_id is None
        else Referrer(
            name=name,
            title=title,
            agency_id=agency_id,
            agency_name=agency_name,
            agency_kind=agency_kind,
            person=known,
            email=email,
            telephone=telephone,
        ),
        employers=employers_in_referral(session, referral_id),
    )


def _said_of_open_case(
    session: Session,
    open_case_id: int,
    concerns: Sequence[str],
    flags: Sequence[str],
    hospital: str | None,
) -> CaseFacts:
    return CaseFacts(
        concerns=frozenset(Concern(value) for value in concerns),
        flags=frozenset(Flag(value) for value in flags),
        hospital=hospital,
        employers=employers_in_open_case(session, open_case_id),
    )


def _as_typed(session: Session, about: About) -> CaseFacts:
    ids = employers_of(about.adults).agencies
    names = session.execute(_AGENCIES, {"ids": list(ids)}).scalars().all() if ids else []
    return CaseFacts(
        concerns=frozenset(about.concerns),
        flags=about.flags,
        hospital=about.hospital or None,
        employers=employers_of(about.adults, names),
    )


def _council(row: Sequence[Any]) -> CouncilFacts:
    name, telephone, out_of_hours, place, secure, opens, closes, closed = row
    return CouncilFacts(
        desk_name=name,
        desk_telephone=telephone,
        out_of_hours_telephone=out_of_hours,
        meeting_place=place,
        secure_domains=frozenset(secure),
        office=office_hours(opens, closes, closed),
    )


def office_hours(opens: str, closes: str, closure_days: Collection[str]) -> OfficeHours:
    """When the council works, from its settings (B3)."""
    return OfficeHours(
        opens=opening(opens),
        closes=opening(closes),
        closure_days=frozenset(date.fromisoformat(day) for day in closure_days),
    )


def on_the_list(session: Session, meeting_id: int) -> list[OnTheList]:
    """Everybody who is invited and was not removed."""
    rows = session.execute(_ON_THE_LIST, {"meeting_id": meeting_id})
    return [OnTheList(*row) for row in rows]
