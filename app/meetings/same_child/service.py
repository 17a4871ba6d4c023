"""Two records are one child, or one proves to be two: discussions go with the referrals (A3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.refusal import Refused
from app.meetings.discussion.types import child_scope
from app.meetings.models import Action, Entry, Meeting, MeetingChild
from app.referrals.models import Child
from app.referrals.same_child import service as records

_OF_CHILD = select(MeetingChild.meeting_id).where(MeetingChild.child_id == bindparam("child_id"))


def link(
    session: Session, actor: Actor, other: Child, known: Child, reason: str, now: datetime
) -> None:
    """Say that `other` is the same child as `known`; its referrals and discussions go there.

    Signed records stay as they were signed. Raises Refused by the field.
    """
    theirs, ours = _meetings_of(session, other.id), _meetings_of(session, known.id)
    if theirs & ours:
        raise Refused("known", "Both stand in one discussion: twins and siblings stay two")
    match = records.link(session, actor, other, known, reason, now)
    match.moved = {**match.moved, "meetings": sorted(theirs)}
    _move(session, theirs, other.id, known.id)


def undo(session: Session, actor: Actor, match_id: int, reason: str, now: datetime) -> None:
    """It was another child after all: what came by the match goes back. Raises Refused."""
    match, other = records.undo(session, actor, match_id, reason, now)
    came: ColumnElement[bool] = or_(
        Meeting.id.in_(match.moved["meetings"]),
        Meeting.referral_id.in_(match.moved["referrals"]),
    )
    found = set(session.execute(select(Meeting.id).where(came)).scalars())
    _move(session, found & _meetings_of(session, match.child_id), match.child_id, other.id)


def _meetings_of(session: Session, child_id: int) -> set[int]:
    return set(session.execute(_OF_CHILD, {"child_id": child_id}).scalars())


def _move(session: Session, meeting_ids: Collection[int], source: int, target: int) -> None:
    session.execute(
        update(MeetingChild)
        .where(MeetingChild.meeting_id.in_(meeting_ids), MeetingChild.child_id == source)
        .values(child_id=target)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Entry)
        .where(Entry.meeting_id.in_(meeting_ids), Entry.scope == child_scope(source))
        .values(scope=child_scope(target))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Action)
        .where(Action.meeting_id.in_(meeting_ids), Action.child_id == source)
        .values(child_id=target)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
