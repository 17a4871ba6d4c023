"""What the wall shows, in two statements at any number of cases; never a name (G2)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from app.directory.models import Agency
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, MeetingState
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Referral
from app.referrals.types import Rating
from app.reports.wall.models import WallDisplay
from app.reports.wall.types import Awaited, Screen, Stage, Standing

# More than these are counted no further: the screen says how many it has no room for.
MOST = 100
Rows = Select[*tuple[Any, ...]]

_REFERRALS = (
    select(Referral.id, Referral.ref, Referral.rating, Referral.act_by_at)
    .where(Referral.decided_at.is_(None))
    .order_by(Referral.act_by_at, Referral.id)
    .limit(MOST)
)
_ASKED = (
    select(AgencyCheck.referral_id, Agency.kind, AgencyCheck.due_at)
    .join(Agency, Agency.id == AgencyCheck.agency_id)
    .where(
        AgencyCheck.referral_id.in_(bindparam("ids", expanding=True)),
        AgencyCheck.answered_at.is_(None),
        AgencyCheck.withdrawn_at.is_(None),
    )
    .order_by(AgencyCheck.due_at, AgencyCheck.id)
)


def _is(state: MeetingState) -> Any:
    """`state = 'needed'`, written literally so that the partial index serves it."""
    return Meeting.state == bindparam(
        None, state, type_=Meeting.__table__.c.state.type, literal_execute=True
    )


def _stage(stage: Stage, due: Any, *conditions: Any) -> Rows:
    # A limit inside a union needs a subquery of its own, on SQLite as on PostgreSQL.
    rows = (
        select(Meeting.id, Meeting.ref, Meeting.referral_id, due.label("due_at"))
        .where(*conditions)
        .order_by(due, Meeting.id)
        .limit(MOST)
        .subquery()
    )
    return select(literal(stage.value).label("stage"), rows)


_STAGES = union_all(
    _stage(Stage.BOOK, Meeting.due_at, _is(MeetingState.NEEDED)),
    _stage(Stage.BOOKED, Meeting.starts_at, _is(MeetingState.BOOKED)),
    _stage(Stage.UNDER_WAY, Meeting.started_at, _is(MeetingState.UNDER_WAY)),
    _stage(Stage.RECORD, Meeting.record_due_at, _is(MeetingState.ENDED)),
    _stage(
        Stage.CIRCULATE,
        Meeting.record_due_at,
        _is(MeetingState.SIGNED),
        Meeting.circulated_at.is_(None),
    ),
).subquery()
_DISCUSSIONS = select(
    _STAGES.c.id, _STAGES.c.ref, _STAGES.c.stage, _STAGES.c.due_at, Referral.rating
).outerjoin(Referral, Referral.id == _STAGES.c.referral_id)
_AWAITED = (
    select(Invitee.meeting_id, Invitee.agency_kind)
    .where(
        Invitee.meeting_id.in_(bindparam("ids", expanding=True)),
        Invitee.removed_at.is_(None),
        Invitee.staff_id.is_(None),
        Invitee.answer == Answer.NONE,
    )
    .order_by(Invitee.meeting_id, Invitee.id)
)


def standing(session: Session, screen: Screen) -> list[Standing]:
    """Every case of a screen that is open, with whom it waits for."""
    return _referrals(session) if screen is Screen.TRIAGE else _discussions(session)


def _referrals(session: Session) -> list[Standing]:
    rows = session.execute(_REFERRALS).all()
    awaited: dict[int, list[Awaited]] = defaultdict(list)
    if rows:
        for referral_id, kind, due_at in session.execute(_ASKED, {"ids": [row.id for row in rows]}):
            awaited[referral_id].append(Awaited(kind, due_at))
    return [
        Standing(ref, rating, Stage.DECIDE if rating else Stage.RATE, act_by, tuple(awaited[id_]))
        for id_, ref, rating, act_by in rows
    ]


class _Row(NamedTuple):
    id: int
    ref: str
    stage: str
    due_at: datetime | None
    rating: Rating | None


def _discussions(session: Session) -> list[Standing]:
    rows = [_Row(*row) for row in session.execute(_DISCUSSIONS)]
    awaited: dict[int, list[Awaited]] = defaultdict(list)
    booked = [row.id for row in rows if row.stage == Stage.BOOKED.value]
    if booked:
        for meeting_id, kind in session.execute(_AWAITED, {"ids": booked}):
            awaited[meeting_id].append(Awaited(kind))
    return [
        Standing(row.ref, row.rating, Stage(row.stage), row.due_at, tuple(awaited[row.id]))
        for row in rows
    ]


_BY_DIGEST = select(WallDisplay).where(
    WallDisplay.token_digest == bindparam("digest"), WallDisplay.revoked_at.is_(None)
)
_ALL = (
    select(WallDisplay)
    .limit(bindparam("most", type_=Integer()))
    .order_by(
        WallDisplay.revoked_at.is_not(None), WallDisplay.made_at.desc(), WallDisplay.id.desc()
    )
)


def by_digest(session: Session, digest: str) -> WallDisplay | None:
    """The display that a link opens; None for an unknown and for a revoked one."""
    return session.execute(_BY_DIGEST, {"digest": digest}).scalar_one_or_none()


def displays(session: Session, most: int = 50) -> list[WallDisplay]:
    """Displays, those in use first."""
    return list(session.execute(_ALL, {"most": most}).scalars())
