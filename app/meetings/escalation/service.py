"""A disagreement is opened, goes up the ladder of the protocol, and ends (E4; IMAP 9, HO2014)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.queries import staff_who_may
from app.accounts.types import Permission
from app.audit.service import record
from app.audit.types import SYSTEM, Actor, ActorKind, Subject
from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.directory.queries import council
from app.invitations.link_letters import notice_letters
from app.invitations.types import Notice
from app.meetings.discussion.models import Dissent
from app.meetings.discussion.rules import check_writable
from app.meetings.escalation import rules
from app.meetings.escalation.models import Escalation, EscalationNote
from app.meetings.escalation.types import Ending
from app.meetings.models import Meeting
from app.outbox import service as outbox
from app.protocols import registry
from app.protocols.types import Protocol
from app.referrals.sender import Sender, desk_of

CHANGED_MEANWHILE = (
    "Somebody else recorded something here in the same moment: read it, then send yours again"
)


def open_for(
    session: Session,
    meeting: Meeting,
    dissent: Dissent,
    now: datetime,
    sender: Sender | None = None,
) -> Escalation:
    """Put a disagreement at the foot of the ladder; its first clock starts (IMAP 9).

    With `sender` the chair is told by mail, or the managers where there is no chair: whoever
    disagrees by link does so when nobody sits at the chair's page.
    """
    ladder = rules.ladder_of(_protocol_of(session, meeting))
    escalation = Escalation(
        dissent_id=dissent.id,
        meeting_id=meeting.id,
        ladder=ladder,
        step=0,
        opened_at=now,
        due_at=rules.due_of(rules.kept_ladder(ladder).steps[0], now),
    )
    session.add(escalation)
    session.flush()
    if sender is not None:
        people = _chair_or_managers(session, meeting)
        _tell(session, Notice.DISAGREES, meeting, escalation, people, sender, now)
    return escalation


def hand_on(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    escalation: Escalation,
    words: str,
    version: int,
    now: datetime,
) -> None:
    """Not resolved here: the next step takes it, and its clock starts.

    Raises Refused at the last step, for one that has ended, without words, and where somebody
    else recorded something since `version`.
    """
    _check(escalation, words, version)
    ladder = rules.kept_ladder(escalation.ladder)
    rules.check_next(ladder, escalation.step)
    _note(session, actor, escalation, words, now)
    escalation.step += 1
    escalation.due_at = rules.due_of(ladder.steps[escalation.step], now)
    session.flush()
    _audit(session, actor, "took a disagreement to the next step", meeting, escalation, now)


def end(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    escalation: Escalation,
    ending: Ending | None,
    words: str,
    version: int,
    now: datetime,
) -> None:
    """The disagreement is resolved at this step. What was decided is changed by a correction of
    the record, or by another discussion, never here.

    Raises Refused as `hand_on`, and where it is not said how it ended.
    """
    _check(escalation, words, version)
    ending = rules.check_ending(ending)
    _note(session, actor, escalation, words, now)
    escalation.ended_at, escalation.ending = now, ending
    session.flush()
    _audit(session, actor, "ended a disagreement", meeting, escalation, now)


def strike(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    escalation: Escalation,
    reason: str,
    version: int,
    now: datetime,
) -> None:
    """A disagreement that was recorded by mistake is struck before the record is signed. It stays
    with the case, struck through, with who, when and why; the record is without it and its clock
    ends. `meeting` is locked.

    Raises Refused (fields `page`, `reason`) once the record is signed, and in its correction too;
    for one that came by link, was struck, went up the ladder or has ended; without a reason, and
    where somebody else recorded something since `version`.
    """
    check_writable(meeting.state)
    dissent = session.get_one(
        Dissent, escalation.dissent_id, with_for_update=True, populate_existing=True
    )
    rules.check_strike(reason, recorded(dissent, escalation, meeting.signed_at))
    if escalation.version != version:
        raise Refused("page", CHANGED_MEANWHILE)
    dissent.struck_at, dissent.struck_by_id, dissent.struck_reason = now, actor.id, reason
    # On the ladder it counts as withdrawn: nobody goes on with it.
    escalation.ended_at, escalation.ending = now, Ending.WITHDRAWN
    session.flush()
    _audit(session, actor, "struck a disagreement", meeting, escalation, now)


def strike_of_stranger(
    session: Session, actor: Actor, meeting: Meeting, dissent: Dissent, reason: str, now: datetime
) -> None:
    """A disagreement that came by link from a wrong address is struck, at any step and also after
    sign-off: nobody of the discussion said it. A signed record keeps it until it is corrected.
    `meeting` is locked."""
    dissent.struck_at, dissent.struck_by_id, dissent.struck_reason = now, actor.id, reason
    held = session.execute(
        select(Escalation)
        .where(Escalation.dissent_id == dissent.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if held is None:  # from before there were ladders
        session.flush()
        return
    if held.ended_at is None:
        held.ended_at, held.ending = now, Ending.WITHDRAWN
    session.flush()
    _audit(session, actor, "struck a disagreement", meeting, held, now)


def recorded(
    dissent: Dissent, escalation: Escalation, signed_at: datetime | None
) -> rules.Recorded:
    """A disagreement as the rules of striking look at it; `signed_at` is the discussion's."""
    return rules.Recorded(
        by_link=dissent.recorded_by_id is None,
        signed=signed_at is not None and dissent.recorded_at <= signed_at,
        struck=dissent.struck_at is not None,
        handed_on=escalation.step > 0,
        ended=escalation.ended_at is not None,
    )


def warn(session: Session, escalation_id: int, sender: Sender, now: datetime) -> int:
    """A step's time is over: the managers are told once; returns how many letters were queued.

    Where nobody may sign nobody is told, and it waits for whoever comes.
    """
    escalation = session.get_one(
        Escalation, escalation_id, with_for_update=True, populate_existing=True
    )
    if (
        escalation.ended_at is not None
        or escalation.warned_step == escalation.step
        or not rules.is_late(escalation.due_at, now)
    ):
        return 0
    people = _managers(session)
    if not people:
        return 0
    escalation.warned_step = escalation.step
    meeting = session.get_one(Meeting, escalation.meeting_id)
    told = _tell(session, Notice.DISAGREEMENT_LATE, meeting, escalation, people, sender, now)
    _audit(session, SYSTEM, "told that a disagreement waits", meeting, escalation, now)
    return told


def _check(escalation: Escalation, words: str, version: int) -> None:
    if escalation.version != version:
        raise Refused("words", CHANGED_MEANWHILE)
    if escalation.ended_at is not None:
        raise Refused("words", "This disagreement has ended already")
    if not words:
        raise Refused("words", "Say who spoke with whom, and what came of it")


def _note(
    session: Session, actor: Actor, escalation: Escalation, words: str, now: datetime
) -> None:
    if actor.kind is not ActorKind.STAFF or actor.id is None:
        raise ValueError("steps are recorded by staff alone")
    session.add(
        EscalationNote(
            escalation_id=escalation.id,
            step=escalation.step,
            words=words,
            due_at=escalation.due_at,
            recorded_by_id=actor.id,
            recorded_at=now,
        )
    )


def _protocol_of(session: Session, meeting: Meeting) -> Protocol:
    """The protocol of the discussion's own clocks; the council's where it is not loaded."""
    try:
        return registry.active(meeting.clocks.get("protocol", {}).get("id", ""))
    except registry.UnknownProtocol:
        return registry.active(council(session).protocol_id)


def _chair_or_managers(session: Session, meeting: Meeting) -> list[tuple[str, str]]:
    chair = session.get(Staff, meeting.chair_id) if meeting.chair_id else None
    if chair is not None and chair.ended_at is None:
        return [(chair.name, chair.email)]
    return _managers(session)


def _managers(session: Session) -> list[tuple[str, str]]:
    return [(one.name, one.email) for one in staff_who_may(session, Permission.RECORD_SIGN)]


def _tell(
    session: Session,
    notice: Notice,
    meeting: Meeting,
    escalation: Escalation,
    people: list[tuple[str, str]],
    sender: Sender,
    now: datetime,
) -> int:
    """Queue the notice for these people: it says nothing of who disagrees, nor with what (D2)."""
    letters = notice_letters(
        notice,
        desk_of(council(session), sender),
        meeting.ref,
        words_for_moment(escalation.due_at),
        f"{sender.base_url}/discussions/{meeting.ref}/disagreements",
        people,
        now,
    )
    outbox.enqueue_all(session, letters, now)
    return len(letters)


def _audit(
    session: Session,
    actor: Actor,
    verb: str,
    meeting: Meeting,
    escalation: Escalation,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        verb,
        Subject("meeting", meeting.ref),
        now,
        {
            "dissent": escalation.dissent_id,
            "step": escalation.ladder["steps"][escalation.step]["id"],
            "due_at": escalation.due_at.isoformat(),
            "ending": escalation.ending.value if escalation.ending else None,
        },
    )
