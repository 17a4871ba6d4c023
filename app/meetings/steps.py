"""What is done next with a discussion, and what else can be, for one person's roles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.rules import may
from app.accounts.types import Permission, StaffMember
from app.directory.queries import council
from app.meetings.calls.page import to_telephone
from app.meetings.models import Meeting
from app.meetings.papers.queries import FormShown, forms_of
from app.meetings.types import MeetingState, TakenBack
from app.protocols.registry import active
from app.protocols.types import FormKind


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, on which page, by whom."""

    label: str
    endpoint: str
    words: str = ""
    kind: str = ""  # of a form, where the page is one


# From the end of the meeting to the end of the case (F8).
AFTER = Step("What follows: conference, assessment, actions", "after.after")
DISAGREEMENTS = Step("Who disagrees", "escalation.disagreements")


def steps(
    meeting: Meeting,
    staff: StaffMember,
    now: datetime,
    *,
    waiting: int,
    taken_back: TakenBack | None = None,
) -> tuple[Step | None, tuple[Step, ...]]:
    """The one thing to do next, and what else can be done, for this person's roles."""
    found: list[tuple[Permission, Step]] = []
    hold = Step("Open the chair's page", "discussion.hold")
    match meeting.state:
        case MeetingState.NEEDED:
            found = [(Permission.DISCUSSION_BOOK, Step("Book the discussion", "booking.book"))]
            others = [(Permission.DISCUSSION_BOOK, Step("Cancel it", "booking.cancel"))]
        case MeetingState.BOOKED:
            near = meeting.starts_at is not None and (meeting.starts_at - now).total_seconds() < 900
            words = "" if near else "It has not begun yet; you can prepare the page."
            remind = Step("Remind who has not answered", "booking.remind")
            found = [(Permission.DISCUSSION_WRITE, Step(hold.label, hold.endpoint, words))]
            if waiting:
                found.append((Permission.DISCUSSION_BOOK, remind))
            others = [
                (Permission.DISCUSSION_BOOK, Step("Change time or people", "booking.change")),
                *([(Permission.DISCUSSION_BOOK, remind)] if waiting else []),
                (Permission.DISCUSSION_BOOK, Step("Cancel it", "booking.cancel")),
            ]
        case MeetingState.UNDER_WAY:
            found = [(Permission.DISCUSSION_WRITE, hold)]
            others = []
        case MeetingState.ENDED:
            found = [
                (Permission.RECORD_SIGN, Step("Check and sign the record", "records.gate")),
                (Permission.DISCUSSION_WRITE, Step("Complete what was decided", hold.endpoint)),
            ]
            others = [
                (Permission.DISCUSSION_WRITE, Step("What was written", hold.endpoint)),
                (Permission.DISCUSSION_SEE, AFTER),
                (Permission.DISCUSSION_SEE, DISAGREEMENTS),
            ]
        case MeetingState.SIGNED:
            copies = _copies(meeting, taken_back)
            found = [(Permission.RECORD_CIRCULATE, copies)]
            if taken_back is TakenBack.WAITS:
                correct = Step("Correct or close the recalled record", "records.gate")
                found.insert(0, (Permission.RECORD_SIGN, correct))
            others = [
                *([(Permission.RECORD_CIRCULATE, copies)] if taken_back else []),
                (Permission.RECORD_SEE, Step("The record", "records.gate")),
                (Permission.DISCUSSION_SEE, AFTER),
                (Permission.DISCUSSION_SEE, DISAGREEMENTS),
                (Permission.CASE_CLOSE, Step("Close the case", "retention.meeting_case")),
            ]
        case _:
            others = []
    allowed = [step for permission, step in found if may(staff.roles, permission)]
    rest = [step for permission, step in others if may(staff.roles, permission)]
    first = allowed[0] if allowed else None
    return first, tuple(step for step in rest if first is None or step.endpoint != first.endpoint)


def _copies(meeting: Meeting, taken_back: TakenBack | None) -> Step:
    if taken_back is not None:
        words = "Who had the recalled record"
    else:
        done = meeting.circulated_at is not None
        words = "Who has read the record" if done else "Circulate the record"
    return Step(words, "records.circulate")


def desk_steps(
    session: Session, meeting: Meeting, unreached: Collection[int], now: datetime
) -> list[Step]:
    """The call sheet, and the forms that the protocol names, each with how it stands (C5, C6).
    `unreached` are those whom no letter reaches, by number."""
    if meeting.state is MeetingState.CANCELLED:
        found = [Step("Call sheet: who has to be told", "calls.sheet")]
        return found if to_telephone(meeting, unreached) else []
    if meeting.state not in (MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY):
        return []
    found = [Step("Call sheet", "calls.sheet")] if to_telephone(meeting, unreached) else []
    named = active(council(session).protocol_id).forms
    newest: dict[FormKind, FormShown] = {}
    for sent in forms_of(session, meeting.id) if named else ():
        newest.setdefault(sent.kind, sent)
    for form in named:
        last = newest.get(form.kind)
        words = last.state.label.lower() if last else "not sent"
        if last is not None and last.chase_at is not None and last.chase_at <= now:
            words += ", to be chased now"
        found.append(Step(f"{form.name}: {words}", "papers.form", kind=form.kind.value))
    return found
