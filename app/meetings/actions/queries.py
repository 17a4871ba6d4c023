"""Actions that are agreed: which are open, whose they are, which reminders went (E3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.meetings.actions.models import ActionHandover, ActionReminder
from app.meetings.actions.rules import BEFORE, CHASE_EVERY, QUIET
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, MeetingState

_OPEN = Action.state == bindparam(
    None, ActionState.OPEN, type_=Action.__table__.c.state.type, literal_execute=True
)
# An action whose last reminder is younger than the pause needs no look yet. What was reminded of
# before its date is looked at again as soon as the date has passed.
_NEAR = (
    select(Meeting.ref)
    .distinct()
    .join(Action, Action.meeting_id == Meeting.id)
    .where(
        _OPEN,
        Action.removed_at.is_(None),
        Action.due_at <= bindparam("until", type_=UTCDateTime()),
        Meeting.ended_at.is_not(None),
        ~exists().where(
            ActionReminder.action_id == Action.id,
            ActionReminder.due_at == Action.due_at,
            (ActionReminder.sent_at > bindparam("since", type_=UTCDateTime()))
            & ((ActionReminder.step > 0) | (Action.due_at > bindparam("now", type_=UTCDateTime()))),
        ),
    )
    .order_by(Meeting.ref)
    .limit(bindparam("most", type_=Integer()))
)
# What was noted after the end, once nothing more was added for a while: one letter for all of it.
_UNTOLD = (
    select(Meeting.ref)
    .join(Action, Action.meeting_id == Meeting.id)
    .join(Invitee, Invitee.id == Action.owner_id)
    .where(
        _OPEN,
        Action.told_at.is_(None),
        Action.removed_at.is_(None),
        Invitee.removed_at.is_(None),  # somebody else is named first
        Meeting.ended_at.is_not(None),
    )
    .group_by(Meeting.ref)
    .having(
        func.max(Action.added_at, type_=UTCDateTime())
        <= bindparam("quiet_since", type_=UTCDateTime())
    )
    .order_by(Meeting.ref)
    .limit(bindparam("most", type_=Integer()))
)
_OF_MEETING = (
    select(Action, Invitee)
    .join(Invitee, Invitee.id == Action.owner_id)
    .where(
        Action.meeting_id == bindparam("meeting_id"),
        _OPEN,
        Action.removed_at.is_(None),
    )
    .order_by(Action.due_at, Action.id)
)
_REMINDED = (
    select(ActionReminder.action_id, ActionReminder.due_at, func.max(ActionReminder.step))
    .join(Action, Action.id == ActionReminder.action_id)
    .where(Action.meeting_id == bindparam("meeting_id"))
    .group_by(ActionReminder.action_id, ActionReminder.due_at)
)
_ONE = select(Action).where(
    Action.id == bindparam("action_id"),
    Action.meeting_id == bindparam("meeting_id"),
    Action.removed_at.is_(None),
)


_ONE_TO_CHANGE = _ONE.with_for_update().execution_options(populate_existing=True)


def to_remind(session: Session, now: datetime, most: int) -> list[str]:
    """References of discussions that have ended and of which somebody may have to be reminded."""
    values = {"until": now + BEFORE, "since": now - CHASE_EVERY, "now": now, "most": most}
    return list(session.execute(_NEAR, values).scalars())


def to_tell(session: Session, now: datetime, most: int) -> list[str]:
    """References of discussions that have ended and have actions of which nobody was told."""
    values = {"quiet_since": now - QUIET, "most": most}
    return list(session.execute(_UNTOLD, values).scalars())


def open_with_owners(session: Session, meeting_id: int) -> list[tuple[Action, Invitee]]:
    """The open actions of one discussion with their owners, the first due first."""
    rows = session.execute(_OF_MEETING, {"meeting_id": meeting_id})
    return [(action, owner) for action, owner in rows]


def steps_sent(session: Session, meeting_id: int) -> dict[tuple[int, datetime], int]:
    """The last step that went out for each action and date."""
    rows = session.execute(_REMINDED, {"meeting_id": meeting_id})
    return {(action_id, due_at): step for action_id, due_at, step in rows}


def action_of(session: Session, meeting_id: int, action_id: int) -> Action | None:
    """One action of this discussion that was not struck out."""
    values = {"meeting_id": meeting_id, "action_id": action_id}
    return session.execute(_ONE, values).scalar_one_or_none()


def action_to_change(session: Session, meeting_id: int, action_id: int) -> Action | None:
    """The same, read anew and locked until the transaction ends."""
    values = {"meeting_id": meeting_id, "action_id": action_id}
    return session.execute(_ONE_TO_CHANGE, values).scalar_one_or_none()


_SIGNED = Meeting.state == bindparam(
    None, MeetingState.SIGNED, type_=Meeting.__table__.c.state.type, literal_execute=True
)
# Of whoever still counts, as `Invitee.can_be_written` says it.
BY_TELEPHONE = and_(
    Invitee.removed_at.is_(None),
    ~Invitee.has_left,
    or_(
        Invitee.links_withdrawn_at.is_not(None),
        and_(Invitee.invitation_id.is_(None), Invitee.email.is_(None)),
    ),
)
_LAST = aliased(ActionReminder)
_Listed = Select[*tuple[Any, ...]]
_LISTED: _Listed = (
    select(
        Action.id,
        Action.meeting_id,
        Meeting.ref,
        Meeting.signed_at,
        Action.what,
        Action.why,
        Action.due_at,
        Action.state,
        Action.progress,
        Action.closed_at,
        Action.version,
        Invitee.id.label("owner_id"),
        Invitee.name,
        Invitee.agency_name,
        Invitee.telephone,
        Invitee.email,
        Invitee.staff_id,
        select(func.max(_LAST.sent_at))
        .where(_LAST.action_id == Action.id, _LAST.by_letter)
        .scalar_subquery()
        .label("reminded_at"),
        Invitee.has_left | Invitee.removed_at.is_not(None),
        BY_TELEPHONE,
        _SIGNED,
    )
    .join(Meeting, Meeting.id == Action.meeting_id)
    .join(Invitee, Invitee.id == Action.owner_id)
    .where(Action.removed_at.is_(None))
    .order_by(Action.due_at, Action.id)
)
_STILL_OPEN = _LISTED.where(_OPEN, Meeting.ended_at.is_not(None)).limit(
    bindparam("most", type_=Integer())
)
_AFTER = (Action.due_at > bindparam("due_at", type_=UTCDateTime())) | (
    (Action.due_at == bindparam("due_at", type_=UTCDateTime()))
    & (Action.id > bindparam("action_id"))
)
_OPEN_AFTER = _STILL_OPEN.where(_AFTER)
_MINE = Invitee.staff_id == bindparam("staff_id")
_OPEN_MINE, _OPEN_MINE_AFTER = _STILL_OPEN.where(_MINE), _OPEN_AFTER.where(_MINE)
_ALL_OF_MEETING = _LISTED.where(Action.meeting_id == bindparam("meeting_id"))


class ActionShown(NamedTuple):
    """An action with its owner, and when the owner was last reminded of it."""

    id: int
    meeting_id: int
    ref: str
    signed_at: datetime | None
    what: str
    why: str | None
    due_at: datetime
    state: ActionState
    progress: str | None
    closed_at: datetime | None
    version: int
    owner_id: int
    owner: str
    agency: str
    telephone: str | None
    email: str | None
    staff_id: int | None
    reminded_at: datetime | None
    owner_left: bool  # a colleague who works here no more, or somebody who was removed
    by_telephone: bool  # an owner who still counts and whom no letter reaches
    signed: bool  # and the record is not being corrected


def open_actions(
    session: Session, most: int, after: tuple[datetime, int] | None, staff_id: int | None
) -> list[ActionShown]:
    """Open actions of discussions that have ended, the most overdue first: one statement.

    `after` is the key (due, id) of the last one on the page before; `staff_id` keeps to those of
    one member of staff.
    """
    values: dict[str, Any] = {"most": most}
    if staff_id is not None:
        values["staff_id"] = staff_id
    if after is not None:
        values |= {"due_at": after[0], "action_id": after[1]}
        statement = _OPEN_AFTER if staff_id is None else _OPEN_MINE_AFTER
    else:
        statement = _STILL_OPEN if staff_id is None else _OPEN_MINE
    return [ActionShown(*row) for row in session.execute(statement, values)]


def actions_shown(session: Session, meeting_id: int) -> list[ActionShown]:
    """Every action of one discussion, open or closed: one statement."""
    rows = session.execute(_ALL_OF_MEETING, {"meeting_id": meeting_id})
    return [ActionShown(*row) for row in rows]


_FROM, _TO = aliased(Invitee), aliased(Invitee)
_HANDED = (
    select(
        ActionHandover.action_id,
        _FROM.name,
        _TO.name.label("to_name"),
        ActionHandover.reason,
        ActionHandover.progress,
        Staff.name.label("by"),
        ActionHandover.handed_at,
    )
    .join(Action, Action.id == ActionHandover.action_id)
    .join(_FROM, _FROM.id == ActionHandover.from_id)
    .join(_TO, _TO.id == ActionHandover.to_id)
    .join(Staff, Staff.id == ActionHandover.handed_by_id)
    .where(Action.meeting_id == bindparam("meeting_id"))
    .order_by(ActionHandover.id)
)


class HandedOver(NamedTuple):
    """An action went from one to another after the record was signed."""

    action_id: int
    before: str
    to: str
    reason: str
    progress: str | None
    by: str
    at: datetime


def handed_over(session: Session, meeting_id: int) -> list[HandedOver]:
    """Who took over which actions of a discussion, the first first: one statement."""
    return [HandedOver(*row) for row in session.execute(_HANDED, {"meeting_id": meeting_id})]
