"""When a discussion began and ended is put right: the press of a button came early or late."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.meetings.after import service as after
from app.meetings.discussion import queries
from app.meetings.discussion.people import note
from app.meetings.discussion.questions import TIMES_REASON
from app.meetings.discussion.record_clock import protocol_of, record_clock
from app.meetings.discussion.rules import to_the_minute
from app.meetings.discussion.service import save_entry
from app.meetings.discussion.types import MEETING
from app.meetings.models import Meeting
from app.meetings.need.held_at import held_at_another_time, take_referral
from app.meetings.rules import check_held, check_under_way
from app.meetings.sooner.service import began_at_another_time
from app.meetings.types import MeetingState

CORRECTABLE = frozenset({MeetingState.UNDER_WAY, MeetingState.ENDED})


def correct_times(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    started_at: datetime,
    ended_at: datetime | None,
    reason: str,
    now: datetime,
    seen: str | None = None,
) -> None:
    """Put right when it began and, once it is over, when it ended; every clock that runs from
    these moments runs anew (B1, F5, F8). The reason is part of the record.

    `seen` is what the page showed, as `shown` says; None where it showed none of it. The
    discussion is locked alone. The minute that is held already changes nothing. Raises
    Refused (fields `page`, `started_at`, `ended_at`, `reason`) before it began, once its record is
    signed, for times that cannot be, without a reason, and where somebody else corrected them
    after the page was opened (E1).
    """
    if meeting.state not in CORRECTABLE or meeting.started_at is None:
        raise Refused("page", f"The times cannot be changed now: {meeting.state.label.lower()}")
    held = queries.entries_of(session, meeting).get((MEETING, TIMES_REASON.key))
    version = held.version if held else 0
    if seen is not None and seen != shown(meeting, version):
        raise Refused("page", _theirs(meeting, held.value if held else ""))
    was, was_over = meeting.started_at, meeting.ended_at
    began = was if to_the_minute(was) == started_at else started_at
    over = was_over
    if was_over is not None and ended_at is not None and to_the_minute(was_over) != ended_at:
        over = ended_at
    if (began, over) == (was, was_over):
        return
    if over is None:
        check_under_way(began, now)
    check_held(began, over or now, now)
    if not reason:
        raise Refused("reason", "Say why the times are corrected")
    take_referral(session, meeting)
    after.hold(session, [one.child_id for one in meeting.children])
    meeting.started_at, meeting.ended_at = began, over
    held_at_another_time(session, actor, meeting, was, now)
    anew = began != was and began_at_another_time(session, actor, meeting, now)
    if over is not None and (anew or over != was_over):
        clock = record_clock(meeting.clocks, protocol_of(meeting), over)
        meeting.record_due_at, meeting.clocks = clock.due_at, clock.kept
    save_entry(session, actor, meeting, MEETING, TIMES_REASON.key, reason, version, now)
    after.follow(session, actor, meeting, now)
    note(
        session,
        actor,
        "corrected when it was held",
        meeting,
        now,
        started_at=began.isoformat(),
        started_before=was.isoformat(),
        ended_at=over.isoformat() if over else None,
        ended_before=was_over.isoformat() if was_over else None,
    )


def shown(meeting: Meeting, version: int) -> str:
    """What a page shows of the times, with the version of the reason: the times move without it
    where a second correction has the same reason."""
    times = (meeting.started_at, meeting.ended_at)
    return " ".join([str(version), *(one.isoformat() for one in times if one)])


def _theirs(meeting: Meeting, reason: str) -> str:
    """What somebody else made of the times meanwhile, so that neither correction is lost."""
    times = [words_for_moment(one) for one in (meeting.started_at, meeting.ended_at) if one]
    held = " to ".join(times)
    told = (
        f"Somebody else corrected the times meanwhile: {held}, because: {reason}"
        if reason
        else f"The times are others meanwhile: {held}."
    )
    return f"{told} What you typed stands below: send it again if it is right."
