"""What one invited person's row says on the page of a discussion (C5, D6, D7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.clock import words_for_moment
from app.invitations.types import LetterKind
from app.meetings.booking.cautions import ABSENT
from app.meetings.calls.page import about_now, is_told
from app.meetings.calls.types import CallShown
from app.meetings.earlier_reports import report_words
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import MessageShown, ReportShown
from app.meetings.reach import Reach, reach_of
from app.meetings.received.page import remark_words
from app.meetings.received.queries import MailRemark
from app.meetings.rules import mendable_late, mendable_signed
from app.meetings.standing import same_person
from app.meetings.types import Answer, MeetingState, MessageKind
from app.outbox.types import MessageState

KIND_WORDS = {
    MessageKind.INVITATION: "Invitation",
    MessageKind.UPDATE: "Update",
    MessageKind.CANCELLATION: "Cancellation",
    MessageKind.REMINDER: "Reminder",
    MessageKind.CODE: "Code",
    MessageKind.RECORD: "Record",
    MessageKind.ACTIONS: "Actions",
}
# A letter that says the opposite of the others of its kind.
_LETTER_WORDS = {LetterKind.RECORD_RECALLED.value: "Recall"}
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
_MAY_COME = (MeetingState.BOOKED, MeetingState.UNDER_WAY)
_CANCELLED = "They do not know that it is cancelled: telephone them."
_LAST_CHANGE = "They do not know of the last change yet: telephone them."
COMES = frozenset({Answer.ATTEND, Answer.DIAL_IN, Answer.REPORT})


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
    can_correct: bool  # the address to which a copy of the signed record went
    # The links that were sent to them; empty where nothing can be done, else what the link says.
    withdraws: str
    sends: str  # in words: again, or to somebody whose colleague no longer comes


def invitee_line(
    invitee: Invitee,
    sent: Sequence[MessageShown],
    reports: Sequence[ReportShown],
    came: Sequence[MailRemark],
    calls: Sequence[CallShown],
    meeting: Meeting,
    *,
    no_letter: bool,
    can_book: bool,
    named_by_link: bool = False,
) -> InviteeLine:
    """How this person answered, was reached, and what may be done for them; `no_letter` reaches
    them. `named_by_link` where whoever comes instead was: a stranger may have done that."""
    open_to_answers = meeting.state in (MeetingState.BOOKED, MeetingState.UNDER_WAY)
    booked = meeting.state is MeetingState.BOOKED
    writes = can_book and invitee.answer is not Answer.DEPUTY
    others = writes and open_to_answers
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
            withdrawn=invitee.links_withdrawn_at is not None,
        ),
        calls=tuple(CallLine(one.outcome.label, one.at, one.said or "") for one in calls),
        messages=tuple(
            MessageLine(
                kind=letter_words(one.kind, one.letter),
                words=DELIVERY[one.state][0],
                colour=DELIVERY[one.state][1],
                at=one.sent_at or one.at,
                problem=(one.problem or "") if one.state in FAILED else "",
            )
            for one in sent
        ),
        reports=report_lines(reports),
        remarks=_remarks(
            invitee,
            meeting,
            untold=no_letter
            and invitee.news_at is not None
            and not is_told(invitee, calls, (invitee.id,)),
        ),
        mail=tuple(
            MailLink(one.ref, words)
            for one in came
            if (words := remark_words(one, has_answered=invitee.answer is not Answer.NONE))
        ),
        can_note=others and invitee.staff_id is None,
        can_send=(writes and booked)
        or (
            (writes or (can_book and named_by_link))
            and mendable_late(meeting.state, meeting.signed_at)
        ),
        can_correct=(invitee.answer is not Answer.DEPUTY or named_by_link)
        and mendable_signed(meeting.state, meeting.signed_at),
        withdraws=_withdraws(invitee) if can_book else "",
        sends=_sends(invitee, meeting),
    )


def _withdraws(invitee: Invitee) -> str:
    if invitee.links_withdrawn_at is not None:
        return "Send a fresh link"
    return "Withdraw the links" if invitee.invitation_id is not None else ""


def _sends(invitee: Invitee, meeting: Meeting) -> str:
    if meeting.state is not MeetingState.BOOKED:
        return "Correct the address"
    return "Send a new invitation" if _lost_colleague(invitee, meeting) else "Send again"


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


def report_lines(reports: Sequence[ReportShown]) -> tuple[ReportLine, ...]:
    """Each report with how it came, in words."""
    return tuple(ReportLine(one.id, report_words(one.via, one.file_name)) for one in reports)


def _remarks(invitee: Invitee, meeting: Meeting, *, untold: bool) -> tuple[str, ...]:
    found = []
    off, sent_another = meeting.state is MeetingState.CANCELLED, invitee.answer is Answer.DEPUTY
    if invitee.links_withdrawn_at is not None and not sent_another:
        at = words_for_moment(invitee.links_withdrawn_at)
        found.append(f"Links withdrawn {at}: send a fresh link, or telephone.")
        if untold and meeting.state in _MAY_COME:
            found.append(_LAST_CHANGE)
        elif untold and off and invitee.staff_id is None:
            found.append(_CANCELLED)
    elif _lost_colleague(invitee, meeting):
        found.append("Their colleague no longer comes: send a new invitation, or telephone.")
    elif invitee.invitation_id is None and meeting.state is MeetingState.BOOKED:
        found.append("Telephone only: no email was sent.")
        if untold:
            found.append(_LAST_CHANGE)
    elif untold and invitee.invitation_id and meeting.state in _MAY_COME and not sent_another:
        found.append(f"Their letter did not arrive. {_LAST_CHANGE}")
    elif untold and off and invitee.staff_id is None and not sent_another:
        found.append(_CANCELLED)
    if invitee.answer is Answer.NONE and invitee.answered_at is not None:
        found.append("Answered to an earlier time: ask again.")
    if invitee.deputy_for_id is not None:
        first = next((one for one in meeting.invitees if one.id == invitee.deputy_for_id), None)
        if first is not None:
            found.append(f"Comes instead of {first.name}.")
            if invitee.email and _domain(first.email) != _domain(invitee.email):
                found.append("The address is of another organisation: check who this is.")
        if _was_removed(invitee, meeting):
            found.append("Was removed from this discussion before.")
    return tuple(found)


def _lost_colleague(invitee: Invitee, meeting: Meeting) -> bool:
    """Whether the colleague they had named was removed, and nothing was sent to them since."""
    return invitee.invitation_id is None and any(
        one.deputy_for_id == invitee.id and one.removed_at is not None for one in meeting.invitees
    )


def _was_removed(invitee: Invitee, meeting: Meeting) -> bool:
    """Whether the desk once took this person, or whoever reads this address, off the list."""
    email = (invitee.email or "").lower()
    return any(
        one.removed_at is not None
        and (same_person(one, invitee) or (email and (one.email or "").lower() == email))
        for one in meeting.invitees
    )


def letter_words(kind: MessageKind, letter: str) -> str:
    """What a message is called; `letter` is what the outbox calls it."""
    return _LETTER_WORDS.get(letter) or KIND_WORDS[kind]


def failed(sent: Sequence[MessageShown]) -> bool:
    """Whether the last message to somebody did not arrive."""
    return bool(sent) and sent[-1].state in FAILED


def _domain(email: str | None) -> str:
    return (email or "").rpartition("@")[2].lower()
