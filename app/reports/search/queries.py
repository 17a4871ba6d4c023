"""Finding cases by what people know of them, the newest first (G5).

Each list is cut by its index before anything is put together, so that a search costs the same among
a thousand referrals as among a million. Domestic abuse cases stand in other tables, which nothing
here reads; one that was released is a referral (IMAP 5).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Integer,
    Select,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.directory.models import Agency, Professional
from app.meetings.models import Invitee, Meeting, MeetingChild
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.public.models import Arrival
from app.reports.search.models import SearchAsked

PAGE = 25
EVERY = 2**31 - 1

_TEXT = select(SearchAsked.text).where(
    SearchAsked.id == bindparam("asked"),
    SearchAsked.staff_id == bindparam("staff"),
    SearchAsked.asked_at > bindparam("since", type_=UTCDateTime()),
)


def text_of(session: Session, asked_id: int, staff_id: int, since: datetime) -> str | None:
    """One's own question, while it is kept."""
    values = {"asked": asked_id, "staff": staff_id, "since": since}
    return session.execute(_TEXT, values).scalar_one_or_none()


class Behind(NamedTuple):
    """What a reference of ours leads to."""

    kind: str  # referral, arrival, meeting, child
    ref: str
    id: int


_ref: Any = bindparam("refs", expanding=True)
_BEHIND = union_all(
    select(literal("referral").label("kind"), Referral.ref, Referral.id).where(
        Referral.ref.in_(_ref)
    ),
    select(literal("meeting"), Meeting.ref, Meeting.id).where(Meeting.ref.in_(_ref)),
    select(literal("child"), Child.ref, Child.id).where(Child.ref.in_(_ref)),
    select(literal("referral"), Referral.ref, Referral.id)
    .join(AgencyCheck, AgencyCheck.referral_id == Referral.id)
    .where(AgencyCheck.ref.in_(_ref)),
    # Sent by the form, and not taken in: from then on the referral bears its reference.
    select(literal("arrival"), Arrival.ref, Arrival.id).where(
        Arrival.ref.in_(_ref), Arrival.sent_at.is_not(None)
    ),
)


def behind(session: Session, reference: str) -> Behind | None:
    """What stands behind a reference, with or without its first letters."""
    refs = [reference] if len(reference) > 9 else [f"{kind}-{reference}" for kind in _KINDS]
    found = [Behind(*row) for row in session.execute(_BEHIND, {"refs": refs})]
    return next((one for one in found if one.kind != "arrival"), found[0] if found else None)


_KINDS = ("RF", "SD", "CH", "IR")


class Named(NamedTuple):
    """Somebody or some agency in the directory, also one that has ended."""

    is_agency: bool
    id: int
    name: str
    agency: str


_DIRECTORY = union_all(
    select(literal(1).label("is_agency"), Agency.id, Agency.name, literal("").label("agency")),
    select(literal(0), Professional.id, Professional.name, Agency.name).join(
        Agency, Agency.id == Professional.agency_id
    ),
)


def directory(session: Session) -> list[Named]:
    """Every name in the directory: there are as many as the area has agencies, not referrals."""
    return [Named(bool(row[0]), *row[1:]) for row in session.execute(_DIRECTORY)]


class Keys(NamedTuple):
    """Which cases a page shows, and the key of the next one; empty on the last."""

    referrals: tuple[int, ...]
    meetings: tuple[int, ...]
    older: str = ""


_MOMENT = bindparam("moment", type_=UTCDateTime())
_LAST = bindparam("last", type_=Integer())
_SIZE = PAGE + 1
_HIDDEN: Any = bindparam("hidden", expanding=True)


def _referrals(*conditions: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(Referral.id, Referral.received_at)
        .where(
            *conditions,
            Referral.ref.not_in(_HIDDEN),
            tuple_(Referral.received_at, Referral.id) < tuple_(_MOMENT, _LAST),
        )
        .order_by(Referral.received_at.desc(), Referral.id.desc())
        .limit(_SIZE)
    )


_WHOSE = bindparam("whose", type_=Integer())
_FROM_AGENCY = _referrals(Referral.source_agency_id == _WHOSE)
_FROM_PERSON = _referrals(Referral.referrer_professional_id == _WHOSE)
_CAME_IN = _referrals(Referral.received_at >= bindparam("from", type_=UTCDateTime()))


def referrals_from(
    session: Session,
    whose: int,
    key: tuple[datetime, int],
    hidden: Collection[str],
    *,
    agency: bool,
) -> Keys:
    """Referrals that came from an agency, or from a professional, older than `key`, without those
    in `hidden`."""
    statement = _FROM_AGENCY if agency else _FROM_PERSON
    values = {"whose": whose, "moment": key[0], "last": key[1], "hidden": sorted(hidden)}
    return _page_of(session.execute(statement, values).all())


def referrals_since(
    session: Session, start: datetime, key: tuple[datetime, int], hidden: Collection[str]
) -> Keys:
    """Referrals that came in from `start` on, older than `key`, without those in `hidden`."""
    values = {"from": start, "moment": key[0], "last": key[1], "hidden": sorted(hidden)}
    return _page_of(session.execute(_CAME_IN, values).all())


def _page_of(rows: Sequence[Any]) -> Keys:
    older = ""
    if len(rows) > PAGE:
        older = f"{rows[PAGE - 1].received_at.isoformat()},{rows[PAGE - 1].id}"
    return Keys(tuple(row.id for row in rows[:PAGE]), (), older)


def _discussions_with(column: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(Invitee.meeting_id)
        .where(
            column == bindparam("whose", type_=Integer()),
            Invitee.meeting_id < _LAST,
            Invitee.meeting_id.not_in(select(Meeting.id).where(Meeting.ref.in_(_HIDDEN))),
        )
        .distinct()
        .order_by(Invitee.meeting_id.desc())
        .limit(_SIZE)
    )


_WITH_AGENCY = _discussions_with(Invitee.agency_id)
_WITH_PERSON = _discussions_with(Invitee.professional_id)


def discussions_with(
    session: Session, whose: int, before: int, hidden: Collection[str], *, agency: bool
) -> Keys:
    """Discussions to which an agency, or a professional, was invited, below `before`, without
    those in `hidden`."""
    statement = _WITH_AGENCY if agency else _WITH_PERSON
    values = {"whose": whose, "last": before, "hidden": sorted(hidden)}
    ids = list(session.execute(statement, values).scalars())
    return Keys((), tuple(ids[:PAGE]), str(ids[PAGE - 1]) if len(ids) > PAGE else "")


def _on_day(column: Any, *conditions: Any) -> Any:
    cut = (
        select(Meeting.id, column.label("at"))
        .where(
            *conditions,
            column >= bindparam("from", type_=UTCDateTime()),
            column < bindparam("until", type_=UTCDateTime()),
            tuple_(column, Meeting.id) > tuple_(_MOMENT, _LAST),
        )
        .order_by(column, Meeting.id)
        .limit(_SIZE)
        .subquery()
    )
    return select(cut.c.id, cut.c.at)


_held = union_all(
    _on_day(Meeting.starts_at), _on_day(Meeting.started_at, Meeting.starts_at.is_(None))
).subquery()
_ON_DAY = select(_held.c.id, _held.c.at).order_by(_held.c.at, _held.c.id).limit(_SIZE)


def discussions_on(
    session: Session, start: datetime, end: datetime, key: tuple[datetime, int]
) -> Keys:
    """Discussions that are or were held from `start` to `end`, in the order of the day, after
    `key`."""
    values = {"from": start, "until": end, "moment": key[0], "last": key[1]}
    rows = session.execute(_ON_DAY, values).all()
    older = f"{rows[PAGE - 1].at.isoformat()},{rows[PAGE - 1].id}" if len(rows) > PAGE else ""
    return Keys((), tuple(row.id for row in rows[:PAGE]), older)


class ReferralRow(NamedTuple):
    id: int
    ref: str
    received_at: datetime
    decided_at: datetime | None
    outcome: Any
    source: str


class DiscussionRow(NamedTuple):
    id: int
    ref: str
    referral_id: int | None
    state: Any
    created_at: datetime
    at: datetime


class Rows(NamedTuple):
    referrals: list[ReferralRow]
    discussions: list[DiscussionRow]
    # (is a referral, number): its children's names, in their order.
    children: dict[tuple[bool, int], list[str]]


_REFERRALS = (
    select(
        Referral.id,
        Referral.ref,
        Referral.received_at,
        Referral.decided_at,
        Referral.outcome,
        Agency.name,
    )
    .join(Agency, Agency.id == Referral.source_agency_id)
    .where(Referral.id.in_(bindparam("referrals", expanding=True)))
)
_DISCUSSIONS = (
    select(
        Meeting.id,
        Meeting.ref,
        Meeting.referral_id,
        Meeting.state,
        Meeting.created_at,
        func.coalesce(Meeting.starts_at, Meeting.started_at, Meeting.created_at),
    )
    .where(
        or_(
            Meeting.referral_id.in_(bindparam("referrals", expanding=True)),
            Meeting.id.in_(bindparam("meetings", expanding=True)),
        )
    )
    .order_by(Meeting.id)
)
_REFERRALS_OF = (
    select(Meeting.referral_id)
    .where(Meeting.id.in_(bindparam("meetings", expanding=True)), Meeting.referral_id.is_not(None))
    .distinct()
)
_NAMES = union_all(
    select(
        literal(1).label("is_referral"), ReferralChild.referral_id.label("id"),
        ReferralChild.position, Child.given_name, Child.family_name,
    )
    .join(Child, Child.id == ReferralChild.child_id)
    .where(ReferralChild.referral_id.in_(bindparam("referrals", expanding=True))),
    select(
        literal(0), MeetingChild.meeting_id, MeetingChild.position,
        Child.given_name, Child.family_name,
    )
    .join(Child, Child.id == MeetingChild.child_id)
    .where(MeetingChild.meeting_id.in_(bindparam("meetings", expanding=True))),
)  # fmt: skip


def rows_of(session: Session, keys: Keys) -> Rows:
    """What is shown of these cases: at most four statements."""
    referrals = set(keys.referrals)
    if keys.meetings:
        found = session.execute(_REFERRALS_OF, {"meetings": sorted(keys.meetings)}).scalars()
        referrals |= {one for one in found if one is not None}
    if not referrals and not keys.meetings:
        return Rows([], [], {})
    ids = {"referrals": sorted(referrals), "meetings": sorted(keys.meetings)}
    discussions = [DiscussionRow(*row) for row in session.execute(_DISCUSSIONS, ids)]
    alone = sorted(one.id for one in discussions if one.referral_id is None)
    children: defaultdict[tuple[bool, int], list[tuple[int, str]]] = defaultdict(list)
    of = {"referrals": ids["referrals"], "meetings": alone}
    for is_referral, id_, place, given, family in session.execute(_NAMES, of):
        children[bool(is_referral), id_].append((place, f"{given} {family}".strip()))
    return Rows(
        [ReferralRow(*row) for row in session.execute(_REFERRALS, {"referrals": of["referrals"]})],
        discussions,
        {key: [name for _, name in sorted(names)] for key, names in children.items()},
    )
