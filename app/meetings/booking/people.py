"""Putting somebody on a discussion's list: from the directory, from the staff, or typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffRole
from app.accounts.types import CHAIRING
from app.core.database import table
from app.core.refusal import Refused
from app.directory.models import Agency, Professional
from app.directory.rules import normal_email, normal_telephone
from app.directory.types import AgencyKind, ProfessionalRole
from app.invitations import service as invitations
from app.invitations.types import Invited
from app.invitations.wording import is_address
from app.meetings.booking.types import Chair, Chosen, TypedPerson
from app.meetings.messages import Seat
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer

_SEAT = insert(table(Invitee)).returning(table(Invitee).c.id, table(Invitee).c.invitation_id)
_STAFF, _ROLE = table(Staff).c, table(StaffRole).c
_CHAIR = (
    select(_STAFF.id, _STAFF.name, _STAFF.email, _STAFF.telephone, _STAFF.ended_at, _ROLE.role)
    .outerjoin(table(StaffRole), _ROLE.staff_id == _STAFF.id)
    .where(_STAFF.id == bindparam("chair_id"))
    .with_for_update(of=table(Staff))
)
_PERSON, _AGENCY = table(Professional).c, table(Agency).c
_LISTED = (
    select(
        _PERSON.id,
        _PERSON.name,
        _PERSON.title,
        _PERSON.role,
        _PERSON.agency_id,
        _AGENCY.name.label("agency_name"),
        _AGENCY.kind.label("agency_kind"),
        _PERSON.email,
        _PERSON.telephone,
        _PERSON.is_team,
        _PERSON.decision_maker,
        or_(_PERSON.ended_at.is_not(None), _AGENCY.ended_at.is_not(None)).label("gone"),
    )
    .join(table(Agency), _AGENCY.id == _PERSON.agency_id)
    .where(_PERSON.id.in_(bindparam("ids", expanding=True)))
)
# Columns of an invitee who is not written yet, by name.
_Row = dict[str, Any]
SOCIAL_CARE = "Children's social care"
CHAIR_WHY = "Chairs the strategy discussion for children's social care."


def chair_of(session: Session, chair_id: int) -> Chair:
    """The member of staff who is to chair, locked: of two bookings at once the second sees the
    first. Raises Refused where that person may not."""
    rows = session.execute(_CHAIR, {"chair_id": chair_id}).all()
    if not rows or rows[0].ended_at is not None:
        raise Refused("chair", "That person no longer works here: choose another chair")
    staff = Chair(*rows[0][: len(Chair._fields)])
    if not any(row.role in CHAIRING for row in rows):
        raise Refused("chair", f"{staff.name} is not a chair: choose somebody who is")
    return staff


def add_chair(
    session: Session, meeting: Meeting, staff: Chair, now: datetime, *, invite: bool = True
) -> Invitee:
    """The chair is invited too, so that it stands in their calendar. Comes for social care."""
    return _seated(session, meeting, [(_chair(meeting, staff, now), invite)], now)[0]


def add_all(
    session: Session, meeting: Meeting, chair: Chair, people: Sequence[Chosen], now: datetime
) -> tuple[int, list[Seat]]:
    """The chair and everybody else, written together, each table in one statement; see
    `add_person`. Returns how many are on the list, and the seats of those who get letters."""
    first = _chair(meeting, chair, now)
    added = [(first, True), *_checked(session, meeting, people, now, beside=chair.email)]
    invited = _invited(session, added, now)
    rows = [row | {"version": 1} for row, _is_asked in added]
    # A row is known by its invitation, in whatever order they come back.
    ids = {invitation: number for number, invitation in session.execute(_SEAT, rows)}
    session.expire(meeting, ["invitees"])
    return len(rows), [Seat(ids[one.id], one, chairs=place == 0) for place, one in invited]


def add_people(
    session: Session, meeting: Meeting, people: Sequence[Chosen], now: datetime
) -> list[Invitee]:
    """Several invitees, in their order and written together; see `add_person`."""
    return _seated(session, meeting, _checked(session, meeting, people, now), now)


def add_person(
    session: Session, meeting: Meeting, chosen: Chosen, now: datetime, *, invite: bool = True
) -> Invitee:
    """One invitee with an invitation of their own, unless they are to be telephoned only.

    Raises Refused by the person's field: no address, an address that is none, somebody who left,
    somebody who is on the list already. `invite` is False for a discussion that needs no letters
    (C11): then nothing that is missing or taken matters.
    """
    found = _checked(session, meeting, [chosen], now, invite=invite)
    return _seated(session, meeting, found, now)[0]


def _chair(meeting: Meeting, staff: Chair, now: datetime) -> _Row:
    person = TypedPerson(
        name=staff.name,
        title="Chair",
        agency_name=SOCIAL_CARE,
        email=staff.email,
        telephone=staff.telephone,
        role=ProfessionalRole.SOCIAL_WORKER,
        agency_kind=AgencyKind.SOCIAL_CARE,
        decision_maker=True,
    )
    return _row(meeting, person, CHAIR_WHY, now) | {"staff_id": staff.id, "rule_id": "chair"}


def _checked(
    session: Session,
    meeting: Meeting,
    people: Sequence[Chosen],
    now: datetime,
    *,
    invite: bool = True,
    beside: str = "",
) -> list[tuple[_Row, bool]]:
    """Each with whether they get letters, checked against who is there, against the address of
    who is put on the list `beside` them, and against each other."""
    ids = [one.professional_id for one in people if one.professional_id is not None]
    known = {row.id: row for row in session.execute(_LISTED, {"ids": ids})} if ids else {}
    there = [one for one in meeting.invitees if one.removed_at is None]
    seats = {one.professional_id for one in there}
    addresses = {(one.email or "").lower() for one in there} | {beside.lower()}
    found = []
    for chosen in people:
        row = known.get(chosen.professional_id or 0)
        person = _person(row, chosen, invite=invite)
        if row is not None and row.id in seats:
            raise Refused(
                chosen.part("person"), f"{person.name} is on the list already: untick one"
            )
        address = (person.email or "").lower()
        if invite and address and address in addresses:
            raise Refused(
                chosen.part("email"),
                f"Somebody else on the list has the address of {person.name}: each needs their own",
            )
        if invite and not address and not chosen.telephone_only:
            raise Refused(
                chosen.part("email"),
                f"{person.name} has no email address: enter one, or tick “telephone only”",
            )
        # Of somebody in the directory the number is entered there.
        if invite and row is None and chosen.telephone_only and not person.telephone:
            raise Refused(
                chosen.part("telephone"),
                f"Enter the telephone number of {person.name}: nothing else reaches them",
            )
        invitee = _row(meeting, person, chosen.why, now) | {"rule_id": chosen.rule_id}
        if row is not None:
            invitee |= {
                "professional_id": row.id, "agency_id": row.agency_id, "is_team": row.is_team,
            }  # fmt: skip
            seats.add(row.id)
        addresses.add(address)
        found.append((invitee, invite and not chosen.telephone_only))
    return found


def _person(row: Any, chosen: Chosen, *, invite: bool) -> TypedPerson:
    """Who was chosen; `row` is one of `_LISTED`, or None."""
    if chosen.professional_id is None:
        if chosen.typed is None:
            raise Refused(chosen.part("person"), "Choose somebody, or enter a name")
        return _tidied(chosen.typed, chosen) if invite else _as_far_as_known(chosen.typed)
    if row is None or row.gone:
        raise Refused(
            chosen.part("person"), "That person is no longer in the directory: choose another"
        )
    # An address typed on the page fills the gap in the directory for this discussion.
    typed = chosen.typed.email if chosen.typed else None
    return TypedPerson(
        name=row.name,
        title=row.title or row.role.label,
        agency_name=row.agency_name,
        email=row.email or (normal_email(typed, chosen.part("email")) if typed else None),
        telephone=row.telephone,
        role=row.role,
        agency_kind=row.agency_kind,
        decision_maker=row.decision_maker,
    )


def _tidied(typed: TypedPerson, chosen: Chosen) -> TypedPerson:
    if not typed.name:
        raise Refused(chosen.part("name"), "Enter a name")
    if not typed.agency_name:
        raise Refused(chosen.part("agency"), f"Enter the agency of {typed.name}")
    phone = typed.telephone
    return TypedPerson(
        name=typed.name,
        title=typed.title or typed.role.label,
        agency_name=typed.agency_name,
        email=normal_email(typed.email, chosen.part("email")) if typed.email else None,
        telephone=normal_telephone(phone, chosen.part("telephone")) if phone else None,
        role=typed.role,
        agency_kind=typed.agency_kind,
        decision_maker=typed.decision_maker,
    )


def _as_far_as_known(typed: TypedPerson) -> TypedPerson:
    """Somebody who takes part in a discussion that needs no letters: what needs a look is looked
    at afterwards (C11), and what is no address is not kept as one."""
    return replace(
        typed,
        title=typed.title or typed.role.label,
        agency_name=typed.agency_name or typed.agency_kind.label,
        email=typed.email.lower() if typed.email and is_address(typed.email) else None,
    )


def _row(meeting: Meeting, person: TypedPerson, why: str, now: datetime) -> _Row:
    return {
        "meeting_id": meeting.id,
        "professional_id": None,
        "staff_id": None,
        "invitation_id": None,
        "name": person.name,
        "title": person.title,
        "role": person.role,
        "agency_id": None,
        "agency_name": person.agency_name,
        "agency_kind": person.agency_kind,
        "email": person.email,
        "telephone": person.telephone,
        "is_team": False,
        "decision_maker": person.decision_maker,
        "rule_id": None,
        "why": why,
        "invited_at": now,
        "removed_at": None,
        "removed_reason": None,
        "answer": Answer.NONE,
        "answered_at": None,
        "answer_note": None,
        "deputy_for_id": None,
        "attendance": None,
        "attended_name": None,
        "attended_role": None,
    }


def _invited(
    session: Session, added: Sequence[tuple[_Row, bool]], now: datetime
) -> list[tuple[int, Invited]]:
    """The invitations of those who are asked by letter, each with their place in the list: written
    first, so that no row is written twice."""
    asked = [
        (place, row) for place, (row, is_asked) in enumerate(added) if is_asked and row["email"]
    ]
    made = invitations.invite_all(
        session, [(row["name"], row["email"], row["is_team"]) for _place, row in asked], now
    )
    for (_place, row), invitation in zip(asked, made, strict=True):
        row["invitation_id"] = invitation.id
    return [(place, one) for (place, _row), one in zip(asked, made, strict=True)]


def _seated(
    session: Session, meeting: Meeting, added: Sequence[tuple[_Row, bool]], now: datetime
) -> list[Invitee]:
    """On the list and written."""
    _invited(session, added, now)
    for row, _is_asked in added:
        row["links_withdrawn_at"] = meeting.links_withdrawn_from(row["email"])
    seated = [Invitee(**row) for row, _is_asked in added]
    meeting.invitees.extend(seated)
    session.flush()
    return seated
