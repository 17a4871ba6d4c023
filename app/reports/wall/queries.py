"""What the wall shows, in a few statements at any number of cases; never a name (G2)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.directory.models import Agency
from app.directory.queries import council_or_none
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, MeetingState
from app.protocols.registry import active
from app.records.queries import RECORD_STILL_DUE
from app.records.recall.queries import NEWEST_RECALLED
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.rules import late_from
from app.referrals.lists.waiting_queries import left_open, waits_on
from app.referrals.models import Referral
from app.referrals.public.models import Arrival
from app.referrals.types import Flag, Rating
from app.reports import cancelled
from app.reports.wall.models import WallDisplay
from app.reports.wall.types import Awaited, Counted, Screen, Stage, Standing

# No more than these are put on pages; `counted` counts them all.
MOST = 100
Rows = Select[*tuple[Any, ...]]
_waits = Arrival.sent_at.is_not(None) & Arrival.settled_at.is_(None)

_FORMS = (
    select(Arrival.ref, Arrival.decision_due_at, Arrival.risk_now)
    .where(_waits)
    .order_by(Arrival.risk_now.desc(), Arrival.decision_due_at, Arrival.id)
    .limit(MOST)
)
_REFERRALS = (
    select(Referral.id, Referral.ref, Referral.rating, Referral.act_by_at, Referral.flags)
    .where(Referral.decided_at.is_(None))
    .order_by(Referral.queue_place, Referral.act_by_at, Referral.id)
    .limit(MOST)
)


def _late(due: Any, *conditions: Any) -> Any:
    at = bindparam("now", type_=UTCDateTime())
    return func.sum(case((and_(due < at, *conditions), 1), else_=0))


_COUNT_TRIAGE = union_all(
    select(Referral.rating, func.count(), _late(Referral.act_by_at))
    .where(Referral.decided_at.is_(None))
    .group_by(Referral.rating),
    select(null(), func.count(), _late(Arrival.decision_due_at)).where(_waits),
)
_ASKED = (
    select(AgencyCheck.referral_id, Agency.kind, AgencyCheck.asked_at, AgencyCheck.due_at)
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


_no_start = literal(None, UTCDateTime())
# By what was noted since it was decided, where that is earlier, also before it is taken (B2).
_DUE = func.coalesce(Meeting.sooner_due_at, Meeting.due_at)
# Booked for later than its deadline it is late from the deadline on, not only from its start.
_BOOKED_BY = case((Meeting.starts_at > _DUE, _DUE), else_=Meeting.starts_at)


def _stage(stage: Stage, due: Any, *conditions: Any) -> Rows:
    return (
        select(
            literal(stage.value).label("stage"),
            Meeting.id,
            Meeting.ref,
            Meeting.referral_id,
            due.label("due_at"),
            (Meeting.starts_at if stage is Stage.BOOKED else _no_start).label("booked_for"),
        )
        .where(*conditions)
        .order_by(due, Meeting.id)
    )


def _cancelled(rows: Rows) -> Rows:
    """What nothing took the place of yet: its clock runs on."""
    return rows.with_only_columns(
        literal(Stage.CANCELLED.value).label("stage"),
        Meeting.id,
        Meeting.ref,
        Meeting.referral_id,
        Meeting.due_at,
        _no_start.label("booked_for"),
        maintain_column_froms=True,
    )


_ALL_STAGES = (
    _cancelled(cancelled.OF_REFERRALS),
    _cancelled(cancelled.BESIDE_THEM),
    _stage(Stage.BOOK, _DUE, _is(MeetingState.NEEDED)),
    _stage(Stage.BOOKED, _BOOKED_BY, _is(MeetingState.BOOKED)),
    _stage(Stage.UNDER_WAY, Meeting.started_at, _is(MeetingState.UNDER_WAY)),
    _stage(Stage.RECORD, Meeting.record_due_at, _is(MeetingState.ENDED)),
    _stage(
        Stage.CIRCULATE,
        RECORD_STILL_DUE,
        _is(MeetingState.SIGNED),
        Meeting.circulated_at.is_(None),
        ~NEWEST_RECALLED,
    ),
)
# A limit inside a union needs a subquery of its own, on SQLite as on PostgreSQL.
_STAGES = union_all(
    *(select(one.limit(MOST).subquery()) for one in _ALL_STAGES),
).subquery()
_COUNTING = union_all(*(one.order_by(None) for one in _ALL_STAGES)).subquery()
_COUNT_DISCUSSIONS = (
    select(
        Referral.rating,
        func.count(),
        _late(_COUNTING.c.due_at, _COUNTING.c.stage != Stage.UNDER_WAY.value),
    )
    .select_from(_COUNTING)
    .outerjoin(Referral, Referral.id == _COUNTING.c.referral_id)
    .group_by(Referral.rating)
)
_DISCUSSIONS = select(
    _STAGES.c.id,
    _STAGES.c.ref,
    _STAGES.c.stage,
    _STAGES.c.due_at,
    Referral.rating,
    _STAGES.c.booked_for,
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
    """The cases of a screen that are open, with whom each waits for: at most `MOST` of a kind."""
    return _triage(session) if screen is Screen.TRIAGE else _discussions(session)


def counted(session: Session, screen: Screen, now: datetime) -> list[Counted]:
    """How many cases of a screen are open, by rating, and how many of them are late: all of them,
    however many there are."""
    statement = _COUNT_TRIAGE if screen is Screen.TRIAGE else _COUNT_DISCUSSIONS
    return [
        Counted(rating, cases, late or 0)
        for rating, cases, late in session.execute(statement, {"now": now})
    ]


ALONE = "A domestic abuse discussion left open"


def lists_waiting(session: Session, screen: Screen, today: date) -> list[str]:
    """The domestic abuse lists of today that were not gone through yet, and those left open before,
    by the name of their series: that they wait, and nothing of what stands on them (C10; IMAP 5).
    A discussion of one case by itself is named after the case, so it is not named.
    """
    council = council_or_none(session)
    if screen is not Screen.TRIAGE or council is None:
        return []
    series = [one for one in active(council.protocol_id).series if one.domestic_abuse]
    names = {one.id for one in series}
    left = [
        one.name if one.series_id else ALONE
        for one in left_open(session, series, today)
        if one.abuse or one.series_id in names
    ]
    waits = [one.name for one in series if waits_on(session, one, today) is not None]
    return list(dict.fromkeys([*left, *waits]))


def _triage(session: Session) -> list[Standing]:
    forms = [
        Standing(ref, None, Stage.TAKE_IN, due_at, risk_now=risk_now)
        for ref, due_at, risk_now in session.execute(_FORMS)
    ]
    return forms + _referrals(session)


def _referrals(session: Session) -> list[Standing]:
    rows = session.execute(_REFERRALS).all()
    awaited: dict[int, list[Awaited]] = defaultdict(list)
    if rows:
        for referral_id, kind, at, due in session.execute(
            _ASKED, {"ids": [row.id for row in rows]}
        ):
            awaited[referral_id].append(Awaited(kind, late_from(at, due)))
    return [
        Standing(
            ref,
            rating,
            Stage.DECIDE if rating else Stage.RATE,
            act_by,
            tuple(awaited[id_]),
            Flag.RISK_NOW.value in flags,
        )
        for id_, ref, rating, act_by, flags in rows
    ]


class _Row(NamedTuple):
    id: int
    ref: str
    stage: str
    due_at: datetime | None
    rating: Rating | None
    booked_for: datetime | None


def _discussions(session: Session) -> list[Standing]:
    rows = [_Row(*row) for row in session.execute(_DISCUSSIONS)]
    awaited: dict[int, list[Awaited]] = defaultdict(list)
    booked = [row.id for row in rows if row.stage == Stage.BOOKED.value]
    if booked:
        for meeting_id, kind in session.execute(_AWAITED, {"ids": booked}):
            awaited[meeting_id].append(Awaited(kind))
    return [
        Standing(
            row.ref,
            row.rating,
            Stage(row.stage),
            row.due_at,
            tuple(awaited[row.id]),
            booked_for=row.booked_for,
        )
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
