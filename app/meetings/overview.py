"""One discussion at a glance: worked out here, so that the template only displays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from app.accounts.rules import may
from app.accounts.types import Permission, StaffMember
from app.core.clock import words_for_moment
from app.directory.queries import council
from app.meetings import queries
from app.meetings.booking.cautions import ABSENT, cautions_about
from app.meetings.booking.page import deadline_of
from app.meetings.booking.slots import is_late
from app.meetings.calls.page import about_now, is_told, to_telephone, untold_removed
from app.meetings.calls.queries import calls_of
from app.meetings.calls.types import CallShown
from app.meetings.earlier_reports import report_words
from app.meetings.models import Invitee, LeftOut, Meeting
from app.meetings.open_case.queries import open_case_of
from app.meetings.open_case.service import about_of, in_words
from app.meetings.papers.queries import FormShown, forms_of
from app.meetings.queries import ChildShown, MessageShown, Place, ReportShown
from app.meetings.reach import Reach, reach_of
from app.meetings.received.page import remark_words
from app.meetings.received.queries import MailRemark, remarks_of
from app.meetings.standing import removed_senders
from app.meetings.types import Answer, Format, MeetingState, MessageKind
from app.outbox.types import MessageState
from app.protocols.panel import DeadlinePanel
from app.protocols.registry import active
from app.protocols.types import FormKind

STATE_COLOURS = {
    MeetingState.NEEDED: "orange",
    MeetingState.BOOKED: "teal",
    MeetingState.UNDER_WAY: "blue",
    MeetingState.ENDED: "orange",
    MeetingState.SIGNED: "green",
    MeetingState.CANCELLED: "grey",
}
KIND_WORDS = {
    MessageKind.INVITATION: "Invitation",
    MessageKind.UPDATE: "Update",
    MessageKind.CANCELLATION: "Cancellation",
    MessageKind.REMINDER: "Reminder",
    MessageKind.CODE: "Code",
    MessageKind.RECORD: "Record",
    MessageKind.ACTIONS: "Actions",
}
# words, colour; the words say what it means for the person, not for the queue.
DELIVERY = {
    MessageState.QUEUED: ("not sent yet", "grey"),
    MessageState.SENDING: ("not sent yet", "grey"),
    MessageState.SENT: ("sent", "green"),
    MessageState.REFUSED: ("refused by the mail server", "red"),
    MessageState.DEAD: ("given up: not sent in time", "red"),
    MessageState.BOUNCED: ("came back", "red"),
    MessageState.WITHDRAWN: ("withdrawn", "grey"),
}
FAILED = frozenset({MessageState.REFUSED, MessageState.DEAD, MessageState.BOUNCED})
COMES = frozenset({Answer.ATTEND, Answer.DIAL_IN, Answer.REPORT})


Row = TypeVar("Row", MessageShown, ReportShown, MailRemark, CallShown)


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


@dataclass(frozen=True, slots=True)
class MessageLine:
    kind: str
    words: str
    colour: str
    at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class CallLine:
    words: str
    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    id: int
    words: str


@dataclass(frozen=True, slots=True)
class MailLink:
    """Mail of an invitee that their answer does not show."""

    ref: str
    words: str


@dataclass(frozen=True, slots=True)
class InviteeLine:
    id: int
    name: str
    detail: str
    telephone: str
    email: str
    answer: str
    answer_colour: str
    answered_at: datetime | None
    note: str
    pressed_earlier: str  # on the letter of an earlier time, in words
    decides: str
    reach: Reach
    calls: tuple[CallLine, ...]
    messages: tuple[MessageLine, ...]
    reports: tuple[ReportLine, ...]
    remarks: tuple[str, ...]
    mail: tuple[MailLink, ...]
    can_note: bool
    can_send: bool
    sends: str  # in words: again, or to somebody whose colleague no longer comes


@dataclass(frozen=True, slots=True)
class Overview:
    meeting: Meeting
    state: str
    state_colour: str
    deadline: DeadlinePanel | None
    children: list[ChildShown]
    chair: str
    referral_ref: str
    about: tuple[str, ...]  # of an open case; a referral says so on its own page
    how: str
    place: Place
    shows_pin: bool
    next: Step | None
    others: tuple[Step, ...]
    people: tuple[InviteeLine, ...]
    removed: tuple[Invitee, ...]
    removed_untold: frozenset[int]  # of them, by number, who do not know it yet (C7)
    removed_reports: dict[int, tuple[ReportLine, ...]]  # what they sent before (D5)
    left_out: list[LeftOut]
    cautions: tuple[str, ...]
    failures: int
    answered: str
    late_reason: str
    may_need_another: bool
    refreshes: bool


def overview_of(session: Session, meeting: Meeting, staff: StaffMember, now: datetime) -> Overview:
    """Everything the page of one discussion shows to this member of staff."""
    sent = _by_invitee(queries.messages_of(session, meeting.id))
    reports = _by_invitee(queries.reports_of(session, meeting.id))
    came = _by_invitee(remarks_of(session, meeting.id))
    calls = _by_invitee(calls_of(session, meeting.id))
    there = [one for one in meeting.invitees if one.removed_at is None]
    books = may(staff.roles, Permission.DISCUSSION_BOOK)
    people = tuple(
        _line(
            one,
            sent[one.id],
            reports[one.id],
            came[one.id],
            calls[one.id],
            meeting,
            can_book=books,
        )
        for one in there
    )
    asked = [one for one in there if one.staff_id is None]
    answered = sum(one.answer is not Answer.NONE for one in asked)
    step, others = _steps(meeting, staff, now, waiting=len(asked) - answered)
    chair, referral_ref = queries.chair_and_referral(session, meeting.id)
    if books:
        others = (*others, *_desk_steps(session, meeting, now))
    late = meeting.starts_at is not None and is_late(meeting.starts_at, meeting.due_at)
    return Overview(
        meeting=meeting,
        state=meeting.state.label,
        state_colour=STATE_COLOURS[meeting.state],
        deadline=deadline_of(meeting.clocks, meeting.started_at, now),
        children=queries.children_of(session, meeting.id),
        chair=chair,
        referral_ref=referral_ref,
        about=_about(session, meeting),
        how=_how(meeting),
        place=queries.place_of(session, meeting),
        shows_pin=meeting.state in (MeetingState.BOOKED, MeetingState.UNDER_WAY),
        next=step,
        others=others,
        people=people,
        removed=tuple(one for one in meeting.invitees if one.removed_at is not None),
        removed_untold=untold_removed(meeting, calls),
        removed_reports={
            one.id: _report_lines(reports[one.id]) for one in removed_senders(meeting.invitees)
        },
        left_out=queries.left_out_of(session, meeting.id),
        cautions=cautions_about(meeting, there),
        failures=sum(_failed(sent[one.id]) for one in there),
        answered=f"{answered} of {len(asked)} have answered" if asked else "",
        late_reason=(meeting.late_reason or "") if late else "",
        may_need_another=meeting.state not in (MeetingState.NEEDED, MeetingState.BOOKED)
        and may(staff.roles, Permission.DISCUSSION_NEED),
        refreshes=meeting.state in (MeetingState.BOOKED, MeetingState.UNDER_WAY),
    )


def _about(session: Session, meeting: Meeting) -> tuple[str, ...]:
    if meeting.referral_id is not None:
        return ()
    said = open_case_of(session, meeting)
    if said is None:
        return ("Not said yet: who must come, and how it is held, follows from it.",)
    return tuple(in_words(about_of(said)))


def _steps(
    meeting: Meeting, staff: StaffMember, now: datetime, *, waiting: int
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
            circulate = "records.circulate"
            done = meeting.circulated_at is not None
            words = "Who has read the record" if done else "Circulate the record"
            found = [(Permission.RECORD_CIRCULATE, Step(words, circulate))]
            others = [
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


def _desk_steps(session: Session, meeting: Meeting, now: datetime) -> list[Step]:
    """The call sheet, and the forms that the protocol names, each with how it stands (C5, C6)."""
    if meeting.state is MeetingState.CANCELLED:
        found = [Step("Call sheet: who has to be told", "calls.sheet")]
        return found if to_telephone(meeting) else []
    if meeting.state not in (MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY):
        return []
    found = [Step("Call sheet", "calls.sheet")] if to_telephone(meeting) else []
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


def _line(
    invitee: Invitee,
    sent: Sequence[MessageShown],
    reports: Sequence[ReportShown],
    came: Sequence[MailRemark],
    calls: Sequence[CallShown],
    meeting: Meeting,
    *,
    can_book: bool,
) -> InviteeLine:
    open_to_answers = meeting.state in (MeetingState.BOOKED, MeetingState.UNDER_WAY)
    others = can_book and open_to_answers and invitee.answer is not Answer.DEPUTY
    return InviteeLine(
        id=invitee.id,
        name=invitee.name,
        detail=f"{invitee.title}, {invitee.agency_name}",
        telephone=invitee.telephone or "",
        email=invitee.email or "",
        answer=_answer(invitee, meeting),
        answer_colour=_colour(invitee),
        answered_at=invitee.answered_at if invitee.answer is not Answer.NONE else None,
        note=invitee.answer_note or "",
        pressed_earlier=_pressed_earlier(invitee),
        decides="Can decide" if invitee.decision_maker else "Gives information",
        reach=reach_of(
            invitee.answer is not Answer.NONE,
            [one.outcome for one in about_now(invitee, calls)],
            [one.state for one in sent],
        ),
        calls=tuple(CallLine(one.outcome.label, one.at, one.said or "") for one in calls),
        messages=tuple(
            MessageLine(
                kind=KIND_WORDS[one.kind],
                words=DELIVERY[one.state][0],
                colour=DELIVERY[one.state][1],
                at=one.sent_at or one.at,
                problem=(one.problem or "") if one.state in FAILED else "",
            )
            for one in sent
        ),
        reports=_report_lines(reports),
        remarks=_remarks(invitee, meeting, told=is_told(invitee, calls)),
        mail=tuple(
            MailLink(one.ref, words)
            for one in came
            if (words := remark_words(one, has_answered=invitee.answer is not Answer.NONE))
        ),
        can_note=others and invitee.staff_id is None,
        can_send=others and meeting.state is MeetingState.BOOKED,
        sends="Send a new invitation" if _lost_colleague(invitee, meeting) else "Send again",
    )


def _answer(invitee: Invitee, meeting: Meeting) -> str:
    if invitee.staff_id is not None and invitee.staff_id == meeting.chair_id:
        return f"Chairs: {invitee.answer.label.lower()}" if _absent_chair(invitee) else "Chairs"
    return invitee.answer.label


def _pressed_earlier(invitee: Invitee) -> str:
    if invitee.earlier_answer is None or invitee.earlier_answer_at is None:
        return ""
    at = words_for_moment(invitee.earlier_answer_at)
    said = invitee.earlier_answer.label
    return f"On the letter of an earlier time they pressed “{said}”, {at}: ask them."


def _absent_chair(invitee: Invitee) -> bool:
    return invitee.staff_id is not None and invitee.answer in ABSENT


def _colour(invitee: Invitee) -> str:
    if invitee.answer is Answer.DECLINED or _absent_chair(invitee):
        return "red"
    if invitee.staff_id is not None or invitee.answer in COMES:
        return "green"
    return "yellow" if invitee.answer is Answer.NONE else "grey"


def _report_lines(reports: Sequence[ReportShown]) -> tuple[ReportLine, ...]:
    return tuple(ReportLine(one.id, report_words(one.via, one.file_name)) for one in reports)


def _remarks(invitee: Invitee, meeting: Meeting, *, told: bool) -> tuple[str, ...]:
    found = []
    untold = invitee.news_at is not None and invitee.invitation_id is None and not told
    off = meeting.state is MeetingState.CANCELLED
    if _lost_colleague(invitee, meeting):
        found.append("Their colleague no longer comes: send a new invitation, or telephone.")
    elif invitee.invitation_id is None and meeting.state is MeetingState.BOOKED:
        found.append("Telephone only: no email was sent.")
        if untold:
            found.append("They do not know of the last change yet: telephone them.")
    elif untold and off and invitee.staff_id is None and invitee.answer is not Answer.DEPUTY:
        found.append("They do not know that it is cancelled: telephone them.")
    if invitee.answer is Answer.NONE and invitee.answered_at is not None:
        found.append("Answered to an earlier time: ask again.")
    if invitee.deputy_for_id is not None:
        first = next((one for one in meeting.invitees if one.id == invitee.deputy_for_id), None)
        if first is not None:
            found.append(f"Comes instead of {first.name}.")
            if invitee.email and _domain(first.email) != _domain(invitee.email):
                found.append("The address is of another organisation: check who this is.")
    return tuple(found)


def _lost_colleague(invitee: Invitee, meeting: Meeting) -> bool:
    """Whether the colleague they had named was removed, and nothing was sent to them since."""
    return invitee.invitation_id is None and any(
        one.deputy_for_id == invitee.id and one.removed_at is not None for one in meeting.invitees
    )


def _how(meeting: Meeting) -> str:
    if meeting.format is Format.CALL or not meeting.place:
        return meeting.format.label
    return f"{meeting.format.label}: {meeting.place}"


def _failed(sent: Sequence[MessageShown]) -> bool:
    """Whether the last message to somebody did not arrive."""
    return bool(sent) and sent[-1].state in FAILED


def _domain(email: str | None) -> str:
    return (email or "").rpartition("@")[2].lower()


def _by_invitee(rows: Sequence[Row]) -> dict[int, list[Row]]:
    grouped: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.invitee_id is not None:
            grouped[row.invitee_id].append(row)
    return grouped
