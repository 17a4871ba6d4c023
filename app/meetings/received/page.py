"""Mail that came in, in words worked out here and not in templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_day, words_for_moment, words_for_time
from app.invitations.replies.reading import read_mail
from app.invitations.replies.types import MailKind
from app.meetings import queries as meetings
from app.meetings.models import Invitee, Meeting
from app.meetings.received.models import ReceivedMail
from app.meetings.received.queries import MailRemark, MailRow
from app.meetings.received.types import Outcome, Why
from app.meetings.rules import OPEN_TO_INVITEES
from app.meetings.types import Answer
from app.referrals.models import Referral

_URGENT = frozenset({Why.AWAY, Why.COUNTER, Why.DELAYED, Why.DELEGATED, Why.OVER})


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail in a list."""

    ref: str
    title: str
    about: str  # whose it seems to be
    sender: str
    received_at: datetime
    state: str
    colour: str
    meeting_ref: str
    referral_ref: str

    @property
    def case_ref(self) -> str:
        """Of the case it belongs to; empty where it is not known."""
        return self.meeting_ref or self.referral_ref


@dataclass(frozen=True, slots=True)
class MailPage:
    """One mail and what can be done about it."""

    ref: str
    title: str
    why: str
    files: tuple[str, ...]  # what came with it
    state: str
    colour: str
    received_at: datetime
    sender: str
    subject: str
    words: str
    emptied: bool
    saved: bool  # the original can be saved
    open: bool
    assigned_to: str
    mine: bool
    closing: str
    closed_at: datetime | None
    closed_by: str
    invitee: str
    invitee_detail: str
    invitee_telephone: str
    same_address: bool
    meeting_ref: str
    meeting_when: str
    referral_ref: str
    said: str  # what the calendar says
    proposed: str
    can_note: bool
    can_report: bool
    suggested: str
    invitee_id: int | None


def line_of(row: MailRow) -> MailLine:
    """A mail in a list: what it is, whose, and how it stands."""
    waits = row.outcome is Outcome.LOOK and row.closed_at is None
    return MailLine(
        ref=row.ref,
        title=row.subject or row.kind.label,
        about=", ".join(one for one in (row.kind.label, row.invitee or "") if one),
        sender=row.sender or "",
        received_at=row.received_at,
        state=_state(row.outcome, row.closed_at, row.assigned_to or ""),
        colour=_colour(row.why, row.assigned_to or "") if waits else "grey",
        meeting_ref=row.meeting_ref or "",
        referral_ref=row.referral_ref or "",
    )


def page_of(session: Session, row: ReceivedMail, staff_id: int) -> MailPage:
    """Everything the page of one mail shows."""
    invitee = session.get(Invitee, row.invitee_id) if row.invitee_id else None
    meeting = session.get(Meeting, row.meeting_id) if row.meeting_id else None
    referral = session.get(Referral, row.referral_id) if row.referral_id else None
    waits = row.outcome is Outcome.LOOK and row.closed_at is None
    holder = meetings.staff_name(session, row.assigned_to_id)
    files = read_mail(row.original).files if row.original else ()
    takes_part = (
        waits
        and invitee is not None
        and invitee.removed_at is None
        and invitee.meeting.state in OPEN_TO_INVITEES
        and row.kind is not MailKind.DELAYED
    )
    stands = invitee is not None and row.answer is not None and invitee.answer is row.answer
    can_note = (
        takes_part
        and invitee is not None
        and invitee.answer is not Answer.DEPUTY
        and not (stands and row.why is Why.WRITTEN)
    )
    return MailPage(
        ref=row.ref,
        title=row.kind.label,
        why=_why(row, files, stands) if waits else "",
        files=files,
        state=_state(row.outcome, row.closed_at, holder),
        colour=_colour(row.why, holder) if waits else "grey",
        received_at=row.received_at,
        sender=row.sender or "",
        subject=row.subject or "",
        words=row.words or "",
        emptied=row.sender is None,
        saved=row.original is not None,
        open=waits,
        assigned_to=holder,
        mine=row.assigned_to_id == staff_id,
        closing=row.closing or "",
        closed_at=row.closed_at,
        closed_by=meetings.staff_name(session, row.closed_by_id),
        invitee=invitee.name if invitee else "",
        invitee_detail=f"{invitee.title}, {invitee.agency_name}" if invitee else "",
        invitee_telephone=(invitee.telephone or "") if invitee else "",
        same_address=invitee is not None and (invitee.email or "").lower() == (row.sender or ""),
        meeting_ref=meeting.ref if meeting else "",
        meeting_when=_when(meeting),
        referral_ref=referral.ref if referral else "",
        said=row.answer.label if row.answer else "",
        proposed=_span(row.proposed_start, row.proposed_end),
        can_note=can_note,
        can_report=takes_part and row.kind is not MailKind.RETURNED,
        suggested=row.answer.value if row.answer and can_note else "",
        invitee_id=invitee.id if invitee else None,
    )


def remark_words(remark: MailRemark, *, has_answered: bool) -> str:
    """What stands beside an invitee on the page of the discussion; nothing where their answer
    has made it old."""
    when = words_for_moment(remark.received_at)
    if remark.outcome is Outcome.OLDER:
        if has_answered or remark.answer is None:
            return ""
        return f"“{remark.answer.label}”, but to an earlier version of the invitation ({when})."
    if remark.outcome is Outcome.OVERTAKEN and remark.answer is not None:
        return f"“{remark.answer.label}” came {when}, given before the answer that stands."
    if remark.kind is MailKind.AUTOMATIC:
        return f"An automatic reply came {when}."
    if remark.closed_at is None:
        return f"Mail to look at: {remark.kind.label.lower()} ({when})."
    return ""


def _why(row: ReceivedMail, files: Sequence[str], stands: bool) -> str:
    """What it is and what to do, of one that waits."""
    words = row.why.words if row.why else ""
    if row.why is Why.WRITTEN and row.kind is MailKind.ANSWER:
        words = "The answer is noted." if stands else "Its answer changed nothing."
    elif row.why is Why.WRITTEN and row.kind is MailKind.AUTOMATIC:
        words = "An automatic reply."
    sent = "Somebody sent files with it: save the original and read them." if files else ""
    return " ".join(one for one in (words, sent) if one)


def _state(outcome: Outcome, closed_at: datetime | None, holder: str) -> str:
    if outcome is not Outcome.LOOK:
        return outcome.label
    if closed_at is not None:
        return "Closed"
    return f"With {holder}" if holder else outcome.label


def _colour(why: Why | None, holder: str) -> str:
    if holder:
        return "blue"
    return "orange" if why in _URGENT else "yellow"


def _when(meeting: Meeting | None) -> str:
    if meeting is None:
        return ""
    moment = meeting.starts_at or meeting.started_at
    when = words_for_moment(moment) if moment else "no time yet"
    return f"{when} ({meeting.state.label.lower()})"


def _span(start: datetime | None, end: datetime | None) -> str:
    if start is None:
        return ""
    words = f"{words_for_day(start)}, {words_for_time(start)}"
    return f"{words} to {words_for_time(end)}" if end else words
