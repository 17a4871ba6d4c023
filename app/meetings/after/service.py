"""Following what a discussion decided, to the end (F8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.meetings.after import carrying, queries, rules
from app.meetings.after.carrying import Kept, standing_of
from app.meetings.after.models import ChildAfter
from app.meetings.after.queries import Followed
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome, Noted, Step
from app.meetings.early_notice import planning as early_notice
from app.meetings.early_notice import queries as notices
from app.meetings.models import Meeting
from app.outbox import service as outbox

# The quality service knows of the child then, whatever became of a letter.
_TOLD = (Step.QUALITY, Step.REFERRAL)
CARRIED_ON = "The enquiry is followed with a later discussion: note it there"


def follow(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Take what a discussion that has ended decided for each child as what has to follow.

    Called when it ends, when an answer is changed after that, and when its record is signed; what
    was noted since stays. One that continues a section 47 enquiry takes over its steps. Sources:
    BROMLEY 1-3.
    """
    if meeting.ended_at is None:
        return
    session.flush()
    children = [child.child_id for child in meeting.children]
    # Two people may write at once: whoever comes second reads what the first has written.
    there = {
        row.child_id
        for row, of in queries.of_children_to_change(session, children)
        if of.id == meeting.id
    }
    told = notices.told_during(session, meeting.id)
    session.add_all(_empty(meeting.id, one, told.get(one)) for one in children if one not in there)
    session.flush()
    kept = carrying.held(session, children)
    changed = carrying.work_out(session, kept)
    early_notice.plan(session, kept, now)
    _tell_others(session, actor, meeting.ref, changed, now)


def hold(session: Session, child_ids: Collection[int]) -> None:
    """Lock what follows for these children until the transaction ends."""
    queries.of_children_to_change(session, child_ids)


def work_out_again(
    session: Session, actor: Actor, child_ids: Collection[int], now: datetime
) -> None:
    """Two records are one child, or prove to be two: which discussions are about one enquiry is
    another question now (A3)."""
    kept = carrying.held(session, child_ids)
    changed = carrying.work_out(session, kept)
    early_notice.plan(session, kept, now)
    _tell_others(session, actor, "", changed, now)


def note(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    child_id: int,
    step: Step,
    noted: Noted,
    version: int,
    now: datetime,
) -> None:
    """Note that a step was done, or put right what was noted before (F8).

    `meeting` is locked; `version` is that of the row the page showed. An enquiry that ends with a
    child at continuing risk requires a conference at that moment. Raises Refused (fields `page`,
    `at`, `choice`, `reason`).
    """
    kept = carrying.held(session, [child_id])
    one = next((each for each in kept if each.meeting.id == meeting.id), None)
    if one is None:
        raise Refused("page", "The discussion has not ended yet")
    row = one.row
    if row.version != version:
        raise Refused("page", "Somebody noted something meanwhile: read it below, then send yours")
    if not row.carries:
        raise Refused("page", CARRIED_ON)
    since = _noted_since(kept, one, step)
    standing = standing_of(row, since.ended_at or one.ended_at)
    rules.check_noted(step, noted, replace(standing, began_at=since.started_at), now)
    with session.no_autoflush:
        _write(row, step, noted)
    changed = carrying.work_out(session, kept)
    early_notice.plan(session, kept, now)
    if step in _TOLD:
        outbox.seen_to(session, actor, notices.failed_about(session, child_id), now)
    record(
        session, actor, step.done, Subject("meeting", meeting.ref), now,
        {"step": step.value, "child": child_id, "at": noted.at.isoformat(),
         **({"choice": noted.choice} if noted.choice else {})},
    )  # fmt: skip
    _tell_others(session, actor, meeting.ref, changed, now)


def told(session: Session, actor: Actor, meeting: Meeting, message_id: int, now: datetime) -> None:
    """The quality service was told on the telephone what a letter said that did not arrive, where
    no step of the child's is left to note it with. Raises Refused (field `message`)."""
    about = notices.shown(session, [one.child_id for one in meeting.children])
    if not any(one.message_id == message_id and one.waits for one in about):
        raise Refused("message", "Somebody has noted that already, or it arrived: see below")
    outbox.mark_seen(session, actor, message_id, now)
    record(
        session, actor, "quality service told on the telephone", Subject("meeting", meeting.ref),
        now, {"message": message_id},
    )  # fmt: skip


def _noted_since(kept: Iterable[Kept], one: Kept, step: Step) -> Meeting:
    """The discussion since when a step may have been done: that with which the enquiry
    began, unless this one said itself how the matter stands."""
    unsaid = step is Step.CONFERENCE and one.decided.conference is None
    if step not in rules.OF_THE_ENQUIRY and not unsaid:
        return one.meeting
    found = carrying.enquiries_of(Followed(each.row, each.meeting) for each in kept)
    group = next((group for group in found if group[-1].row is one.row), None)
    return group[0].meeting if group else one.meeting


def _write(row: ChildAfter, step: Step, noted: Noted) -> None:
    """What is noted counts from here on, whatever other discussions said of it."""
    required = row.conference is Conference.REQUIRED
    carrying.take_back(row)
    match step:
        case Step.BEGAN:
            row.enquiry_began_at = noted.at
        case Step.QUALITY:
            row.quality_told_at = noted.at
        case Step.CONFERENCE:
            _decide(row, Conference(noted.choice), noted.at, noted.reason)
        case Step.REFERRAL:
            row.icpc_referred_at = noted.at
        case Step.BOOKING:
            row.icpc_booked_for = noted.at
            late = rules.is_after_limit(noted.at, row.icpc_due_at)
            row.icpc_late_reason = noted.reason if late else None
        case Step.HELD:
            row.icpc_held_at, row.icpc_outcome = noted.at, ConferenceOutcome(noted.choice)
        case Step.ENQUIRY:
            row.enquiry_outcome = EnquiryOutcome(noted.choice)
            row.enquiry_ended_at, row.enquiry_reason = noted.at, noted.reason
            at_risk = row.enquiry_outcome is EnquiryOutcome.CONTINUING_RISK
            if at_risk and not required:
                _decide(row, Conference.REQUIRED, noted.at, noted.reason)
        case Step.ASSESSMENT:
            row.assessment_completed_at = noted.at
        case Step.REVIEW:
            row.review_held_at = noted.at


def _decide(row: ChildAfter, conference: Conference, at: datetime, reason: str) -> None:
    row.conference, row.conference_reason, row.conference_decided_later = conference, reason, True
    row.conference_decided_at = at
    row.icpc_decided_at = at if conference is Conference.REQUIRED else None


def _empty(meeting_id: int, child_id: int, quality_told_at: datetime | None) -> ChildAfter:
    return ChildAfter(
        meeting_id=meeting_id,
        child_id=child_id,
        enquiry_runs=False,
        conference_decided_later=False,
        quality_told_at=quality_told_at,
        assessment_runs=False,
        carries=True,
        from_others=[],
        clocks={},
    )


def _tell_others(
    session: Session, actor: Actor, ref: str, changed: Iterable[Kept], now: datetime
) -> None:
    """What is followed with other discussions changed too: each has it in its own history."""
    for one in changed:
        if one.meeting.ref != ref:
            record(
                session, actor, "changed what follows", Subject("meeting", one.meeting.ref), now,
                {"child": one.row.child_id, "by": ref, "carries": one.row.carries},
            )  # fmt: skip
