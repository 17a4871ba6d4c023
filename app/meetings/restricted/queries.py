"""Which cases are restricted, for whom, and who broke the glass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.accounts.queries import staff_who_may
from app.accounts.types import Permission
from app.core.database import UTCDateTime
from app.meetings.models import Invitee, Meeting, MeetingChild
from app.meetings.received.models import ReceivedMail
from app.meetings.restricted.models import BrokenGlass, CaseRestriction, RestrictionReader
from app.meetings.restricted.rules import Restricted
from app.meetings.types import MeetingState
from app.referrals.abuse.models import AbuseCase
from app.referrals.allocation.models import ReferralAllocation
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.same_child.models import ChildMatch

MOST = 50
_WHO = bindparam("who", type_=Integer())
_IS_READER = exists().where(
    RestrictionReader.restriction_id == CaseRestriction.id, RestrictionReader.staff_id == _WHO
)
_OPEN_UNTIL = (
    select(func.max(BrokenGlass.ends_at, type_=UTCDateTime()))
    .where(BrokenGlass.restriction_id == CaseRestriction.id, BrokenGlass.staff_id == _WHO)
    .scalar_subquery()
)
_STANDS = CaseRestriction.lifted_at.is_(None)
_OF_MEETING = or_(
    CaseRestriction.meeting_id == Meeting.id, CaseRestriction.referral_id == Meeting.referral_id
)


def _asked(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(CaseRestriction.id, _IS_READER, _OPEN_UNTIL).where(_STANDS, *conditions)


_REF: BindParameter[str] = bindparam("ref")
_ON_LIST = (
    select(func.coalesce(ListEntry.referral_id, AbuseCase.referral_id))
    .select_from(ListEntry)
    .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
    .outerjoin(AbuseCase, AbuseCase.id == ListEntry.case_id)
    .where(ListSitting.ref == _REF, ListEntry.number == bindparam("number", type_=Integer()))
    .scalar_subquery()
)
# By what an address begins with; each is one statement.
ASKED = {
    "referrals": _asked(Referral.id == CaseRestriction.referral_id, Referral.ref == _REF),
    "discussions": _asked(_OF_MEETING, Meeting.ref == _REF),
    "mail": _asked(
        ReceivedMail.ref == _REF,
        or_(
            CaseRestriction.meeting_id == Meeting.id,
            CaseRestriction.referral_id
            == func.coalesce(Meeting.referral_id, ReceivedMail.referral_id),
        ),
    )
    .select_from(ReceivedMail)
    .outerjoin(Meeting, Meeting.id == ReceivedMail.meeting_id),
    "domestic-abuse": _asked(
        CaseRestriction.referral_id == AbuseCase.referral_id, AbuseCase.ref == _REF
    ),
    "lists": _asked(CaseRestriction.referral_id == _ON_LIST),
}


def restrictions(
    session: Session, place: str, ref: str, staff_id: int, number: int | None = None
) -> list[Restricted]:
    """The restrictions on the case behind an address, as they are for this person: one statement.

    `place` is how the address begins; `number` is that of a case on a list.
    """
    values = {"ref": ref, "who": staff_id, "number": number}
    return [Restricted(*row) for row in session.execute(ASKED[place], values)]


_HIDDEN = and_(
    _STANDS, ~_IS_READER,
    ~exists().where(
        BrokenGlass.restriction_id == CaseRestriction.id, BrokenGlass.staff_id == _WHO,
        BrokenGlass.ends_at > bindparam("now", type_=UTCDateTime()),
    ),
)  # fmt: skip
# Asked for as lists of numbers: joined, SQLite goes through every discussion there ever was.
_REFERRALS_HIDDEN = select(CaseRestriction.referral_id).where(
    _HIDDEN, CaseRestriction.referral_id.is_not(None)
)
_MEETINGS_HIDDEN = select(CaseRestriction.meeting_id).where(
    _HIDDEN, CaseRestriction.meeting_id.is_not(None)
)
_HIDDEN_REFS = union_all(
    select(Referral.ref).where(Referral.id.in_(_REFERRALS_HIDDEN)),
    select(Meeting.ref).where(Meeting.referral_id.in_(_REFERRALS_HIDDEN)),
    select(Meeting.ref).where(Meeting.id.in_(_MEETINGS_HIDDEN)),
    select(AbuseCase.ref).where(AbuseCase.referral_id.in_(_REFERRALS_HIDDEN)),
)


def hidden_from(session: Session, staff_id: int, now: datetime) -> frozenset[str]:
    """The references of all cases that this person may not see: lists show of them nothing more.
    One statement, over the few cases that are restricted."""
    values = {"who": staff_id, "now": now}
    return frozenset(session.execute(_HIDDEN_REFS, values).scalars())


_LINKED = (ChildMatch.undone_at.is_(None), ChildMatch.other_id.is_not(None))


def _children(restricted: ColumnElement[bool]) -> CompoundSelect[*tuple[Any, ...]]:
    """The children of these restrictions, each as its number and that of the restriction."""
    which = CaseRestriction.id.label("restriction_id")
    # A sum is no key: so the few that are restricted come first, and what is theirs is looked up.
    referral, meeting = CaseRestriction.referral_id + 0, CaseRestriction.meeting_id + 0
    ways = (
        (ReferralChild.child_id, ReferralChild.referral_id == referral),
        (MeetingChild.child_id, MeetingChild.meeting_id == meeting),
        (
            MeetingChild.child_id,
            and_(MeetingChild.meeting_id == Meeting.id, Meeting.referral_id == referral),
        ),
    )
    return union_all(
        *(select(child.label("child_id"), which).where(on, restricted) for child, on in ways),
        # The record that a child had until it was linked still holds what was known then.
        *(
            select(ChildMatch.other_id, which).where(
                ChildMatch.child_id == child, *_LINKED, on, restricted
            )
            for child, on in ways
        ),
    )


_HIDDEN_CHILDREN = _children(_HIDDEN)
_HIDDEN_ONES = _HIDDEN_CHILDREN.subquery()
_KEEPERS = (
    select(_HIDDEN_ONES.c.child_id, Staff.name)
    .join(RestrictionReader, RestrictionReader.restriction_id == _HIDDEN_ONES.c.restriction_id)
    .join(Staff, Staff.id == RestrictionReader.staff_id)
    .where(Staff.ended_at.is_(None))
    .distinct()
    .order_by(Staff.name)
)
_RESTRICTED_ONES = _children(_STANDS).subquery()
_READERS_OF_CHILDREN = (
    select(RestrictionReader.staff_id)
    .join(_RESTRICTED_ONES, _RESTRICTED_ONES.c.restriction_id == RestrictionReader.restriction_id)
    .join(Child, Child.id == _RESTRICTED_ONES.c.child_id)
    .where(Child.ref.in_(bindparam("refs", expanding=True)))
    .distinct()
)


def keepers_hidden_from(session: Session, staff_id: int, now: datetime) -> dict[int, list[str]]:
    """Whom to ask about each child with a case that this person may not see: the names of those
    who may and still work here, by the child's number. One statement."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for child_id, name in session.execute(_KEEPERS, {"who": staff_id, "now": now}):
        found[child_id].append(name)
    return found


def readers_of_children(session: Session, refs: Collection[str]) -> set[int]:
    """Who may always see the restricted cases of these children, by number."""
    return set(session.execute(_READERS_OF_CHILDREN, {"refs": list(refs)}).scalars())


def children_hidden_from(session: Session, staff_id: int, now: datetime) -> frozenset[int]:
    """The numbers of all children with a case that this person may not see. One statement."""
    values = {"who": staff_id, "now": now}
    return frozenset(session.execute(_HIDDEN_CHILDREN, values).scalars())


_STANDING = select(CaseRestriction).where(
    _STANDS,
    or_(
        CaseRestriction.referral_id == bindparam("referral", type_=Integer()),
        CaseRestriction.meeting_id == bindparam("meeting", type_=Integer()),
    ),
)
_READERS = (
    select(Staff.id, Staff.name)
    .join(RestrictionReader, RestrictionReader.staff_id == Staff.id)
    .where(RestrictionReader.restriction_id == bindparam("restriction"))
    .order_by(Staff.name, Staff.id)
)


def standing(
    session: Session, *, referral_id: int | None = None, meeting_id: int | None = None
) -> CaseRestriction | None:
    """The restriction of a referral, or of an open case's discussion; None where there is none."""
    values = {"referral": referral_id, "meeting": meeting_id}
    return session.execute(_STANDING, values).scalar_one_or_none()


def readers(session: Session, restriction_id: int) -> list[tuple[int, str]]:
    """Who may see it, as number and name."""
    rows = session.execute(_READERS, {"restriction": restriction_id})
    return [(staff_id, name) for staff_id, name in rows]


_HAS_REFERRAL = select(ReferralAllocation.social_worker_id).where(
    ReferralAllocation.referral_id == bindparam("referral"), ReferralAllocation.ended_at.is_(None)
)
_IS_MEETING = or_(
    Meeting.referral_id == bindparam("referral", type_=Integer()),
    Meeting.id == bindparam("meeting", type_=Integer()),
)
_STANDING_MEETING = and_(_IS_MEETING, Meeting.state != MeetingState.CANCELLED)
_CHAIRS = select(Meeting.chair_id).where(_STANDING_MEETING, Meeting.chair_id.is_not(None))
_INVITED_STAFF = (
    select(Invitee.staff_id)
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(_STANDING_MEETING, Invitee.staff_id.is_not(None), Invitee.removed_at.is_(None))
)

# Of several parts the last one is named.
_PARTS: tuple[tuple[Select[*tuple[Any, ...]], str], ...] = (
    (_INVITED_STAFF, "is invited"),
    (_HAS_REFERRAL, "has the referral"),
    (_CHAIRS, "chairs it"),
)


def named_on(
    session: Session, *, referral_id: int | None = None, meeting_id: int | None = None
) -> dict[int, str]:
    """Which of the staff work on a case as it is: by number, in which part. Who chairs its
    discussion, who has the referral, who is invited."""
    values = {"referral": referral_id, "meeting": meeting_id}
    found: dict[int, str] = {}
    for statement, part in _PARTS:
        for staff_id in session.execute(statement, values).scalars():
            found[staff_id] = part
    return found


def may_be_changed_by_a_reader(session: Session, restriction_id: int) -> bool:
    """Whether one of its readers still works here and may change who sees it."""
    able = {one.id for one in staff_who_may(session, Permission.CASE_RESTRICT)}
    return any(staff_id in able for staff_id, _name in readers(session, restriction_id))


class Opening(NamedTuple):
    """One breaking of the glass, for whoever looks at it."""

    id: int
    ref: str
    staff_id: int
    who: str
    reason: str
    opened_at: datetime
    ends_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    review: str | None


_reviewer = aliased(Staff)
_OPENINGS = (
    select(
        BrokenGlass.id, BrokenGlass.ref, BrokenGlass.staff_id, Staff.name, BrokenGlass.reason,
        BrokenGlass.opened_at, BrokenGlass.ends_at, BrokenGlass.reviewed_at, _reviewer.name,
        BrokenGlass.review,
    )
    .join(Staff, Staff.id == BrokenGlass.staff_id)
    .outerjoin(_reviewer, _reviewer.id == BrokenGlass.reviewed_by_id)
    .order_by(BrokenGlass.id.desc())
    .limit(MOST)
)  # fmt: skip
_WAITING = _OPENINGS.where(BrokenGlass.reviewed_at.is_(None))
_REVIEWED = _OPENINGS.where(BrokenGlass.reviewed_at.is_not(None))
# How many openings by others than `who` wait for somebody to look at them.
TO_REVIEW = select(func.count()).where(
    BrokenGlass.reviewed_at.is_(None), BrokenGlass.staff_id != _WHO
)


def openings(session: Session, *, reviewed: bool) -> list[Opening]:
    """Openings, the newest first: those that wait to be looked at, or the others."""
    found = session.execute(_REVIEWED if reviewed else _WAITING)
    return [Opening._make(row) for row in found]
