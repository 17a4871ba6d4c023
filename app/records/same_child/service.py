"""Two records are one child, or one proves to be two: what hangs on a child's place in a referral
or discussion goes with it (A3, F8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.refusal import Refused
from app.meetings.after import service as after
from app.meetings.after.models import ChildAfter
from app.meetings.discussion.models import Action, Entry
from app.meetings.discussion.types import child_scope
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.models import Meeting, MeetingChild
from app.meetings.need.replacing import look_again
from app.records.filing.models import RecordFiling
from app.records.models import RecordVersion
from app.referrals.filing.models import ReferralFiling
from app.referrals.letters.models import ReferralLetter
from app.referrals.models import Child, Referral
from app.referrals.same_child import service as records
from app.referrals.same_child.models import ChildMatch

_OF_CHILD = select(MeetingChild.meeting_id).where(MeetingChild.child_id == bindparam("child_id"))
# What points to a child and goes along, by the discussion or the referral that it belongs to.
WITH_MEETING = (MeetingChild, ChildAfter, Action, EarlyNotice)
WITH_REFERRAL = (ReferralFiling, ReferralLetter)
# Columns that go along, moved here or below, and those that stay, with the reason. A guard test
# finds a column that points to a child and stands in neither.
MOVED = frozenset(
    {
        "referral_child.child_id",  # by app.referrals.same_child
        "agency_check_child.child_id",  # by app.referrals.same_child
        "record_filing.child_id",
        *(f"{model.__tablename__}.child_id" for model in (*WITH_MEETING, *WITH_REFERRAL)),
    }
)
STAYS: Mapping[str, str] = {
    "child_key.child_id": "what the record itself is called: it is still found by that",
    "child_match.child_id": "says which record is which",
    "child_match.other_id": "says which record is which",
    "child_professional.child_id": "copied and taken back by app.referrals.same_child",
    "child_taken_off.child_id": "says which record was taken off",
    "held_child.child_id": "app.retention.holds asks for linked records too",
}


def link(
    session: Session, actor: Actor, other: Child, known: Child, reason: str, now: datetime
) -> None:
    """Say that `other` is the same child as `known`; its referrals and discussions go there.

    Signed records stay as they were signed; which discussions are about one section 47 enquiry is
    worked out again. Raises Refused by the field.
    """
    theirs, ours = _meetings_of(session, other.id), _meetings_of(session, known.id)
    if theirs & ours:
        raise Refused("known", "Both stand in one discussion: twins and siblings stay two")
    _take(session, [other.id, known.id])
    match = records.link(session, actor, other, known, reason, now)
    match.moved = {**match.moved, "meetings": sorted(theirs)}
    _move(session, theirs, match.moved["referrals"], other.id, known.id)
    after.work_out_again(session, actor, [known.id], now)


def undo(session: Session, actor: Actor, match_id: int, reason: str, now: datetime) -> None:
    """It was another child after all: what came by the match goes back. Raises Refused."""
    told_apart = session.get(ChildMatch, match_id)
    if told_apart is not None:
        both = (told_apart.child_id, told_apart.other_id)
        _take(session, [one for one in both if one is not None])
    match, other = records.undo(session, actor, match_id, reason, now)
    came: ColumnElement[bool] = or_(
        Meeting.id.in_(match.moved["meetings"]),
        Meeting.referral_id.in_(match.moved["referrals"]),
    )
    found = set(session.execute(select(Meeting.id).where(came)).scalars())
    theirs = found & _meetings_of(session, match.child_id)
    back = _referrals_back(session, match, other)
    _move(session, theirs, back, match.child_id, other.id)
    after.work_out_again(session, actor, [match.child_id, other.id], now)


def _take(session: Session, child_ids: Collection[int]) -> None:
    """All that moves, before the audit is written, in the order in which the discussion's own
    pages take it: discussions, actions, referrals and children, what follows."""
    meetings = sorted({one for child in child_ids for one in _meetings_of(session, child)})
    for rows in (
        select(Meeting.id).where(Meeting.id.in_(meetings)).order_by(Meeting.id),
        select(Action.id).where(Action.meeting_id.in_(meetings)).order_by(Action.id),
    ):
        session.execute(rows.with_for_update())
    records.take(session, [session.get_one(Child, one) for one in child_ids])
    after.hold(session, child_ids)


def _referrals_back(session: Session, match: ChildMatch, other: Child) -> list[int]:
    """The referrals of the match on which the other child stands again."""
    held = select(Referral.id).where(
        Referral.id.in_(match.moved["referrals"]), Referral.children.any(child_id=other.id)
    )
    return list(session.execute(held).scalars())


def _meetings_of(session: Session, child_id: int) -> set[int]:
    return set(session.execute(_OF_CHILD, {"child_id": child_id}).scalars())


def _move(
    session: Session,
    meeting_ids: Collection[int],
    referral_ids: Collection[int],
    source: int,
    target: int,
) -> None:
    """What hangs on the child in these discussions and referrals, from one record to the other."""
    for with_meeting in WITH_MEETING:
        session.execute(
            update(with_meeting)
            .where(with_meeting.meeting_id.in_(meeting_ids), with_meeting.child_id == source)
            .values(child_id=target)
            .execution_options(synchronize_session=False)
        )
    for with_referral in WITH_REFERRAL:
        session.execute(
            update(with_referral)
            .where(with_referral.referral_id.in_(referral_ids), with_referral.child_id == source)
            .values(child_id=target)
            .execution_options(synchronize_session=False)
        )
    versions = select(RecordVersion.id).where(RecordVersion.meeting_id.in_(meeting_ids))
    session.execute(
        update(RecordFiling)
        .where(RecordFiling.version_id.in_(versions), RecordFiling.child_id == source)
        .values(child_id=target)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Entry)
        .where(Entry.meeting_id.in_(meeting_ids), Entry.scope == child_scope(source))
        .values(scope=child_scope(target))
        .execution_options(synchronize_session=False)
    )
    look_again(session, (source, target))
    session.expire_all()
