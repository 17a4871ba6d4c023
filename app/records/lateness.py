"""A record that is due soon, or late: who is told, once for each (F5, B2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session

from app.accounts.queries import Reachable, staff_who_may
from app.accounts.types import Permission
from app.audit import service as audit
from app.audit.types import SYSTEM, Subject
from app.core.clock import words_for_moment
from app.core.database import UTCDateTime
from app.directory.queries import council
from app.invitations.link_letters import notice_letters
from app.invitations.types import Notice
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.outbox import service as outbox
from app.protocols.panel import SOON
from app.records import ledger, queries, rules
from app.records.models import RecordWarning
from app.records.recall.queries import NEWEST_RECALLED, is_recalled
from app.records.types import Stage
from app.referrals.sender import Sender, desk_of

MOST = 50
WAITING = (MeetingState.ENDED, MeetingState.SIGNED)


def _due(state: MeetingState) -> Select[Any]:
    """Written literally, so that the partial index of its state serves it."""
    return (
        select(Meeting.id)
        .where(
            Meeting.state
            == bindparam(None, state, type_=Meeting.__table__.c.state.type, literal_execute=True),
            Meeting.circulated_at.is_(None),
            Meeting.record_due_at <= bindparam("until", type_=UTCDateTime()),
            # Recalled, and not under correction: there is nothing to circulate.
            *([~NEWEST_RECALLED] if state is MeetingState.SIGNED else []),
            ~exists().where(
                RecordWarning.meeting_id == Meeting.id,
                RecordWarning.due_at == Meeting.record_due_at,
                (RecordWarning.stage == Stage.LATE)
                | (Meeting.record_due_at >= bindparam("now", type_=UTCDateTime())),
            ),
        )
        .order_by(Meeting.record_due_at, Meeting.id)
        .limit(MOST)
    )


_DUE = tuple(_due(state) for state in WAITING)


def to_look_at(session: Session, now: datetime) -> list[int]:
    """The discussions whose record is due within four hours, or late, and of which nobody was
    told so yet."""
    given = {"until": now + SOON, "now": now}
    return [id_ for statement in _DUE for id_ in session.execute(statement, given).scalars()]


def warn(session: Session, meeting_id: int, sender: Sender, now: datetime) -> int:
    """Tell those whom it concerns, unless they were told; returns how many letters were queued.

    Four hours before, the chair is told to sign, or those who circulate to do so; once it is late,
    every manager who may sign (TIMING: another may sign for an absent chair). Nobody is told of
    one that is recalled: it waits to be corrected or closed. A warning that would reach nobody
    waits for whoever comes.
    """
    meeting = session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    if meeting.state not in WAITING or meeting.circulated_at or meeting.record_due_at is None:
        return 0
    if meeting.state is MeetingState.SIGNED and _is_recalled(session, meeting):
        return 0
    stage = rules.stage_of(meeting.record_due_at, now)
    if stage is None:
        return 0
    warned = session.get(RecordWarning, (meeting.id, stage))
    if warned is not None and warned.due_at == meeting.record_due_at:
        return 0
    only_corrected = ledger.first_circulated(session, meeting) is not None
    people = [] if only_corrected else _concerned(session, meeting, stage)
    if not people and not only_corrected:
        return 0
    if warned is None:
        warned = RecordWarning(meeting_id=meeting.id, stage=stage)
        session.add(warned)
    warned.at, warned.due_at = now, meeting.record_due_at
    if only_corrected:
        return 0
    link = f"{sender.base_url}/discussions/{meeting.ref}/record"
    finished = notice_letters(
        Notice(f"record_{stage.value}"),
        desk_of(council(session), sender),
        meeting.ref,
        words_for_moment(meeting.record_due_at),
        link,
        [(one.name, one.email) for one in people],
        now,
    )
    outbox.enqueue_all(session, finished, now)
    audit.record(
        session, SYSTEM, "told that the record is late" if stage is Stage.LATE else
        "told that the record is due soon", Subject("meeting", meeting.ref), now,
        {"staff": [one.id for one in people], "due_at": meeting.record_due_at.isoformat()},
    )  # fmt: skip
    return len(finished)


def _is_recalled(session: Session, meeting: Meeting) -> bool:
    newest = queries.newest_version(session, meeting.id)
    return newest is not None and is_recalled(session, newest.id)


def _concerned(session: Session, meeting: Meeting, stage: Stage) -> list[Reachable]:
    managers = staff_who_may(session, Permission.RECORD_SIGN)
    if stage is Stage.LATE:
        return managers
    if meeting.state is MeetingState.SIGNED:
        return staff_who_may(session, Permission.RECORD_CIRCULATE)
    chair = [one for one in managers if one.id == meeting.chair_id]
    return chair or managers
