"""The first page in a handful of statements, at any number of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime, any_of, literally
from app.meetings.actions.queries import BY_TELEPHONE
from app.meetings.discussion.models import Action
from app.meetings.escalation.models import Escalation
from app.meetings.models import Invitee, Meeting
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.meetings.received.queries import HOW_MANY_WAIT
from app.meetings.restricted.queries import TO_REVIEW
from app.meetings.types import ActionState, Answer, Format, MeetingState
from app.records.models import RecordFault, RecordVersion
from app.referrals.assessment.past_queries import HOW_MANY_PAST
from app.referrals.types import DomesticAbuseRisk, Rating
from app.reports import asked, booked, cancelled, circulating, triage, undelivered, untold
from app.reports.following import ASSESSMENTS, REVIEWS, follows
from app.reports.rules import NOT_BEGUN_AFTER
from app.reports.types import FOLLOWS, MOST, WorkKind, WorkRow

Rows = Select[*tuple[Any, ...]]


class ComingRow(NamedTuple):
    id: int
    ref: str
    starts_at: datetime
    format: Format
    late: bool | None  # after its deadline; nothing where it has none
    chair: str | None
    come: int
    may_come: int
    cannot: int
    waiting: int


class ActionRow(NamedTuple):
    ref: str
    what: str
    owner: str
    due_at: datetime
    by_telephone: bool  # no letter reaches the owner


def _is(state: MeetingState) -> Any:
    """`state = 'needed'`, written literally so that the partial index serves it."""
    return Meeting.state == literally(state)


def _branch(kind: WorkKind, statement: Rows) -> Rows:
    # A limit inside a union needs a subquery of its own, on SQLite as on PostgreSQL.
    rows = statement.limit(MOST + 1).subquery()  # one more tells that there are more
    risk = rows.c.get("risk", null())
    return select(literal(kind.value).label("kind"), rows.c.id, rows.c.ref, rows.c.due_at, risk)


def _meetings(due: Any, *conditions: Any) -> Rows:
    return (
        select(Meeting.id, Meeting.ref, due.label("due_at"))
        .where(*conditions)
        .order_by(due, Meeting.id)
    )


_BRANCHES: dict[WorkKind, Rows] = {
    **{kind: _branch(kind, rows) for kind, rows in triage.ROWS.items()},
    WorkKind.REPLACE: _branch(WorkKind.REPLACE, cancelled.OF_REFERRALS),
    WorkKind.BOOK_AGAIN: _branch(WorkKind.BOOK_AGAIN, cancelled.BESIDE_THEM),
    WorkKind.SOONER: _branch(WorkKind.SOONER, booked.DUE_SOONER),
    WorkKind.BOOK: _branch(WorkKind.BOOK, _meetings(Meeting.due_at, _is(MeetingState.NEEDED))),
    WorkKind.NOT_BEGUN: _branch(WorkKind.NOT_BEGUN, booked.NOT_BEGUN),
    WorkKind.UNTOLD: _branch(WorkKind.UNTOLD, untold.OF_DISCUSSIONS),
    WorkKind.BOOKED_LATE: _branch(WorkKind.BOOKED_LATE, booked.BOOKED_LATE),
    WorkKind.JOINED: _branch(WorkKind.JOINED, booked.JOINED),
    WorkKind.NO_CHAIR: _branch(WorkKind.NO_CHAIR, booked.WITHOUT_CHAIR),
    WorkKind.NO_QUORUM: _branch(WorkKind.NO_QUORUM, booked.WITHOUT_QUORUM),
    WorkKind.OVERTAKEN: _branch(WorkKind.OVERTAKEN, booked.OVERTAKEN),
    WorkKind.UNDER_WAY: _branch(
        WorkKind.UNDER_WAY, _meetings(Meeting.started_at, _is(MeetingState.UNDER_WAY))
    ),
    WorkKind.SIGN: _branch(
        WorkKind.SIGN, _meetings(Meeting.record_due_at, _is(MeetingState.ENDED))
    ),
    WorkKind.CIRCULATE: _branch(WorkKind.CIRCULATE, circulating.TO_CIRCULATE),
    WorkKind.RECALLED: _branch(WorkKind.RECALLED, circulating.TO_CORRECT_OR_CLOSE),
    WorkKind.TELL_RECALLED: _branch(WorkKind.TELL_RECALLED, circulating.TO_TELL),
    WorkKind.DISAGREE: _branch(
        WorkKind.DISAGREE,
        select(Meeting.id, Meeting.ref, Escalation.due_at)
        .join(Escalation, Escalation.meeting_id == Meeting.id)
        .where(Escalation.ended_at.is_(None))
        .order_by(Escalation.due_at, Escalation.id),
    ),
    WorkKind.MAIL: _branch(
        WorkKind.MAIL,
        undelivered.OF_DISCUSSIONS,
    ),
    WorkKind.REQUEST_MAIL: _branch(WorkKind.REQUEST_MAIL, asked.REQUESTS_FAILED),
    WorkKind.LETTER_MAIL: _branch(WorkKind.LETTER_MAIL, asked.LETTERS_FAILED),
    WorkKind.FORM_MAIL: _branch(WorkKind.FORM_MAIL, asked.FORMS_FAILED),
    # Until whoever was to be told is: then the failure was seen to.
    WorkKind.NOTICE_MAIL: _branch(
        WorkKind.NOTICE_MAIL,
        undelivered.OF_NOTICES,
    ),
    WorkKind.COPY: _branch(
        WorkKind.COPY,
        undelivered.discussions(
            # A join would let a database go through every version for the few that failed.
            select(
                select(RecordVersion.meeting_id)
                .where(RecordVersion.id == RecordFault.version_id)
                .scalar_subquery()
                .label("meeting_id"),
                RecordFault.version_id.label("id"),
            )
        ),
    ),
    WorkKind.CHASE: _branch(
        WorkKind.CHASE,
        select(Meeting.id, Meeting.ref, SentForm.chase_at.label("due_at"))
        .join(SentForm, SentForm.meeting_id == Meeting.id)
        .where(
            SentForm.state == literally(FormState.SENT),
            SentForm.chase_at.is_not(None),
        )
        .order_by(SentForm.chase_at, SentForm.id),
    ),
    WorkKind.ASSESS: _branch(WorkKind.ASSESS, ASSESSMENTS),
    WorkKind.RETENTION: _branch(WorkKind.RETENTION, REVIEWS),
}
_ASKED = _BRANCHES.keys() | FOLLOWS.keys()


def _those_who(*said: Answer) -> Any:
    """How many said one of these; who sends a colleague counts as none, the colleague as one."""
    return func.sum(case((Invitee.answer.in_(any_of(said)), 1), else_=0))


# Cut by its index first: counting the answers of all that are booked would grow with them.
_NEXT = (
    select(
        Meeting.id,
        Meeting.ref,
        Meeting.starts_at,
        Meeting.format,
        Meeting.chair_id,
        (Meeting.starts_at > Meeting.due_at).label("late"),
    )
    .where(_is(MeetingState.BOOKED))
    .order_by(Meeting.starts_at, Meeting.id)
    .limit(MOST + 1)
    .subquery()
)
_COMING = (
    select(
        _NEXT.c.id,
        _NEXT.c.ref,
        _NEXT.c.starts_at,
        _NEXT.c.format,
        _NEXT.c.late,
        Staff.name,
        _those_who(Answer.ATTEND, Answer.DIAL_IN),
        _those_who(Answer.TENTATIVE),
        _those_who(Answer.DECLINED, Answer.REPORT),
        _those_who(Answer.NONE),
    )
    .outerjoin(Staff, Staff.id == _NEXT.c.chair_id)
    .outerjoin(
        Invitee,
        (Invitee.meeting_id == _NEXT.c.id)
        & Invitee.removed_at.is_(None)
        & Invitee.staff_id.is_(None),
    )
    .group_by(_NEXT.c.id, _NEXT.c.ref, _NEXT.c.starts_at, _NEXT.c.format, _NEXT.c.late, Staff.name)
    .order_by(_NEXT.c.starts_at, _NEXT.c.id)
)
_ACTIONS = (
    select(Meeting.ref, Action.what, Invitee.name, Action.due_at, BY_TELEPHONE)
    .join(Meeting, Meeting.id == Action.meeting_id)
    .join(Invitee, Invitee.id == Action.owner_id)
    .where(
        Action.state == literally(ActionState.OPEN),
        Action.removed_at.is_(None),
        Action.due_at < bindparam("until", type_=UTCDateTime()),
    )
    .order_by(Action.due_at, Action.id)
    .limit(MOST + 1)
)
_TO_LOOK_AT = select(
    HOW_MANY_WAIT.scalar_subquery(), TO_REVIEW.scalar_subquery(), HOW_MANY_PAST.scalar_subquery()
)


@cache
def _union(kinds: tuple[WorkKind, ...]) -> CompoundSelect[Any]:
    """Built once for each set of kinds: building it costs more than asking."""
    follow = {kind: FOLLOWS[kind] for kind in kinds if kind in FOLLOWS}
    branches = [_BRANCHES[kind] for kind in kinds if kind in _BRANCHES]
    if follow:
        rows = follows(follow, 4 * MOST).subquery()
        branches.append(select(rows.c.kind, rows.c.id, rows.c.ref, rows.c.due_at, null()))
    return union_all(*branches)


def work(
    session: Session,
    kinds: Collection[WorkKind],
    now: datetime,
    ahead: datetime,
    me: int | None,
    allocated: Collection[Rating] = (),
) -> list[WorkRow]:
    """What is due of these kinds at `now`: one statement. At most `MOST` of each, and one more
    where there are more, which `cut` takes off. Of what follows a discussion or a
    decision under section 17 only that which is due by `ahead`, because its limits are weeks long;
    of what is allocated only that of `me`, the member of staff who asks. `allocated` are the
    ratings that go straight to a social worker in this area (HO2014 Merton)."""
    without = () if allocated else (WorkKind.ALLOCATE, WorkKind.NOT_TAKEN_ON)
    asked_for = tuple(kind for kind in kinds if kind in _ASKED and kind not in without)
    if not asked_for:
        return []
    values = {
        "now": now, "ahead": ahead, "begun_by": now - NOT_BEGUN_AFTER, "me": me,
        "ratings": allocated,
    }  # fmt: skip
    found: dict[WorkKind, list[WorkRow]] = {kind: [] for kind in asked_for}
    for name, id_, ref, due_at, risk in session.execute(_union(asked_for), values).all():
        kind = WorkKind(name)
        known = DomesticAbuseRisk(risk) if risk else None
        found[kind].append(WorkRow(kind, id_, ref, due_at, known))
    # What follows comes in one branch, the first of each kind first.
    return [row for rows in found.values() for row in rows[: MOST + 1]]


def cut(rows: Iterable[WorkRow]) -> tuple[list[WorkRow], list[WorkKind]]:
    """What a page shows of these rows, and the kinds of which there is more than that."""
    counted = Counter[WorkKind]()
    shown = []
    for row in rows:
        counted[row.kind] += 1
        if counted[row.kind] <= MOST:
            shown.append(row)
    return shown, [kind for kind, count in counted.items() if count > MOST]


def to_look_at(session: Session, staff_id: int, most: int) -> tuple[int, int, int]:
    """How many mails wait for a person, counted up to `most`, how many openings of cases by
    others than this one, and of how many assessments before this installation counted nobody said
    whether they are complete: one statement."""
    values = {"most": most, "who": staff_id}
    mail, openings, past = session.execute(_TO_LOOK_AT, values).one()
    return mail, openings, past


def coming(session: Session) -> list[ComingRow]:
    """Booked discussions, the next first, with how many said what: one statement. `MOST`,
    and one more where there are more."""
    return [ComingRow(*row) for row in session.execute(_COMING).all()]


def open_actions(session: Session, until: datetime) -> list[ActionRow]:
    """Open actions due before `until`, the most overdue first: one statement. `MOST`, and one
    more where there are more."""
    return [ActionRow(*row) for row in session.execute(_ACTIONS, {"until": until}).all()]
