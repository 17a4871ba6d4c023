"""What the page's script is told: which questions show, what others wrote, what is missing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.core.clock import words_for_span, words_for_time
from app.meetings.discussion import queries, rules
from app.meetings.discussion.controls import shown_blocks
from app.meetings.discussion.lists_shown import (
    actions_mark,
    here_words,
    people_mark,
    quorum_words,
)
from app.meetings.discussion.people import (
    ATTENDANCE,
    ATTENDED_NAME,
    ATTENDED_ROLE,
    text_version,
)
from app.meetings.discussion.queries import Held
from app.meetings.discussion.snapshots import circumstances_of, snapshot_of
from app.meetings.discussion.types import child_scope, name_of_field, person_scope
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState

# A save that began before the last look may have been committed after it.
_OVERLAP = timedelta(seconds=30)


def shown_in(session: Session, meeting: Meeting, scope: str) -> list[str] | None:
    """The blocks that show for the child whose field was just saved; None for other scopes."""
    if not scope.startswith("child:"):
        return None
    entries = queries.entries_of(session, meeting)
    flags = queries.setting_of(session, meeting).flags
    for child in queries.children_of(session, meeting):
        if child_scope(child.id) == scope:
            return shown_blocks(scope, circumstances_of(child, entries, flags))
    return None


def changes_since(held: Held, since: datetime | None, now: datetime) -> dict[str, object]:
    """Everything an open page needs to stay true; text only of fields written since (E1)."""
    meeting, entries, flags = held.meeting, held.entries, held.setting.flags
    earliest = since - _OVERLAP if since else None
    snapshot = snapshot_of(
        held.children,
        held.invitees,
        entries,
        held.actions,
        held.disagree,
        flags,
        meeting.need_reason,
    )
    return {
        "at": now.isoformat(),
        "fields": [
            {
                "name": name_of_field(scope, field),
                "value": written.value,
                "version": written.version,
                "written": f"{written.who}, {words_for_time(written.at)}",
            }
            for (scope, field), written in entries.items()
            if earliest is None or written.at >= earliest
        ]
        + [one for invitee in held.invitees for one in _person_fields(invitee)],
        "shown": {
            child_scope(child.id): shown_blocks(
                child_scope(child.id), circumstances_of(child, entries, flags)
            )
            for child in held.children
        },
        "told": {child_scope(child_id): words for child_id, words in held.told.items()},
        "missing": [{"what": one.what, "anchor": one.anchor} for one in rules.missing(snapshot)],
        "here": here_words(held.invitees),
        "quorum": quorum_words(held.invitees),
        "clock": _clock_words(meeting, now),
        "actions": actions_mark(held.actions),
        "people": people_mark(held.invitees, held.dissents),
        "state": meeting.state.value,
    }


def _person_fields(invitee: Invitee) -> list[dict[str, object]]:
    scope = person_scope(invitee.id)
    values = {ATTENDANCE: invitee.attendance.value if invitee.attendance else ""}
    if invitee.is_team:
        values[ATTENDED_NAME] = invitee.attended_name or ""
        values[ATTENDED_ROLE] = invitee.attended_role or ""
    return [
        {
            "name": name_of_field(scope, field),
            "value": value,
            "version": text_version(value),
            "written": "",
        }
        for field, value in values.items()
    ]


def _clock_words(meeting: Meeting, now: datetime) -> str:
    if meeting.state is not MeetingState.UNDER_WAY or meeting.started_at is None:
        return ""
    return f"{words_for_span(now - meeting.started_at)} so far"
