"""What stands on the page of an invited person, in words worked out here and not in templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_day, words_for_moment, words_for_time
from app.guests import queries
from app.guests.earlier_reports import earlier_reports
from app.guests.guide import Chapter, joining_guide, what_to_bring
from app.guests.rules import may_dial_in, what_is_open
from app.guests.types import (
    MeetingSeen,
    Open,
    OwnAction,
    OwnAnswer,
    OwnDissent,
    OwnReport,
    Visitor,
)
from app.invitations.wording import telephone_in, telephone_uri
from app.meetings.types import ActionState, Answer, Format, MeetingState, TakenBack, dial_in_parts
from app.records.circulation import record_for_invitee
from app.records.recall.queries import taken_back
from app.records.releasing import awaits_copy
from app.records.types import GuestRecord


@dataclass(frozen=True, slots=True)
class DialIn:
    """How to ring in; `tel` and `tel_with_pin` are links, empty where no number can be read."""

    telephone: str
    pin: str
    tel: str
    tel_with_pin: str
    words: str  # where somebody typed more than a number and a PIN


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers, as a button."""

    value: str
    words: str
    hint: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Page:
    meeting: MeetingSeen
    open: Open
    when: str
    where: str
    stage: str  # what the state means for the reader; empty before the meeting
    dial_in: DialIn | None
    answer: OwnAnswer
    said: str
    choices: tuple[Choice, ...]
    no_line: bool  # face to face, and nobody can dial in
    reports_instead: bool
    declined: bool
    bring: tuple[str, ...]
    guide: tuple[Chapter, ...]
    reports: list[OwnReport]
    earlier: list[OwnReport]  # to discussions before this one, while a report may be sent
    actions: list[OwnAction]
    actions_end: str  # until when what was said of them can be changed; empty while one is open
    signed: bool
    record: GuestRecord | None
    dissents: list[OwnDissent]


def page_for(session: Session, visitor: Visitor) -> Page:
    """Everything one invitee may read now (D4)."""
    meeting = queries.meeting_for(session, visitor)
    answer = queries.answer_of(session, visitor)
    signed = meeting.state is MeetingState.SIGNED
    stage = what_is_open(meeting.state)
    dial_in = dial_in_of(meeting)
    record = record_for_invitee(session, visitor.invitee_id)
    over = meeting.signed_at is not None
    actions = queries.actions_of(session, visitor)
    return Page(
        meeting=meeting,
        open=stage,
        when=when_words(meeting.starts_at, meeting.ends_at),
        where=meeting.place or meeting.format.label,
        stage=stage_words(
            meeting,
            readable=record is not None,
            recalled=taken_back(session, visitor.meeting_id) if over and record is None else None,
            awaited=signed
            and record is None
            and awaits_copy(session, visitor.meeting_id, visitor.invitee_id),
        ),
        dial_in=dial_in,
        answer=answer,
        said=said_words(answer),
        choices=choices_for(meeting, answer.answer),
        no_line=not may_dial_in(meeting.format, dial_in is not None),
        reports_instead=answer.answer is Answer.REPORT,
        declined=answer.answer is Answer.DECLINED,
        bring=what_to_bring(answer.agency_kind),
        guide=joining_guide(answer.decision_maker),
        reports=queries.reports_of(session, visitor),
        earlier=earlier_reports(session, visitor) if stage.report else [],
        actions=actions,
        actions_end=actions_end(actions, visitor.guest.link_ends_at),
        signed=signed,
        record=record,
        dissents=queries.dissents_of(session, visitor),
    )


_STAGES = {
    MeetingState.UNDER_WAY: "The meeting is under way.",
    MeetingState.ENDED: "The meeting has ended. The record is being written and is not signed yet.",
    MeetingState.SIGNED: "The meeting has ended and its record is signed.",
    MeetingState.CANCELLED: "This meeting was cancelled. You need do nothing.",
}


def stage_words(
    meeting: MeetingSeen,
    *,
    readable: bool = True,
    recalled: TakenBack | None = None,
    awaited: bool = False,
) -> str:
    """What the state means for the reader; of a record that is being corrected nobody says that
    it was never signed, and of one that was recalled that it stands (D4, F2, F5). `readable` where
    they have a copy to read, `awaited` where one is still to come."""
    if recalled is not None:
        follows = "A corrected one follows." if recalled is TakenBack.WAITS else ""
        return (
            "The meeting has ended. Its record was recalled: delete your copy, if you have one. "
            f"{follows}"
        ).strip()
    if meeting.state is MeetingState.SIGNED and awaited:
        return (
            f"{_STAGES[MeetingState.SIGNED]} It is being sent round: you get an email once your "
            "copy can be read here."
        )
    if meeting.state is MeetingState.SIGNED and not readable:
        return (
            f"{_STAGES[MeetingState.SIGNED]} There is no copy for you to read here: if you wait "
            "for one, telephone the desk."
        )
    if meeting.state is MeetingState.ENDED and meeting.signed_at is not None:
        return "The meeting has ended. Its record was signed and is being corrected."
    return _STAGES.get(meeting.state, "")


def actions_end(actions: Sequence[OwnAction], link_ends_at: datetime | None) -> str:
    """Until when the reader can take back what they said of their actions, once none is open and
    their link has an end (D3, E3)."""
    if link_ends_at is None or any(own.state is ActionState.OPEN for own in actions):
        return ""
    return words_for_moment(link_ends_at)


def when_words(start: datetime | None, end: datetime | None) -> str:
    """`Monday 23 November 2026, 9:30 am to 10:15 am`, in UK time."""
    if start is None:
        return "The time is not fixed yet"
    if end is None:
        return words_for_moment(start)
    return f"{words_for_day(start)}, {words_for_time(start)} to {words_for_time(end)}"


def dial_in_of(meeting: MeetingSeen) -> DialIn | None:
    """How to ring in, while there is something to ring into."""
    if meeting.typed_dial_in:
        telephone, typed_pin = dial_in_parts(meeting.typed_dial_in)
        tel = telephone_in(meeting.typed_dial_in) or ""
        if tel and telephone_uri(telephone) == tel:
            return DialIn(telephone, typed_pin, tel, "", "")
        return DialIn("", "", tel, "", meeting.typed_dial_in)
    if not meeting.telephone:
        return None
    tel = telephone_uri(meeting.telephone) or ""
    pin = meeting.pin or ""
    # Two pauses, the PIN, the key that ends it: what conference lines ask for.
    with_pin = f"{tel},,{pin}%23" if tel and pin.isascii() and pin.isdigit() else ""
    return DialIn(meeting.telephone, pin, tel, with_pin, "")


_SAID = {
    Answer.NONE: "",
    Answer.ATTEND: "You said that you will attend.",
    Answer.DIAL_IN: "You said that you will dial in.",
    Answer.TENTATIVE: "You said that you may attend.",
    Answer.REPORT: "You send a report and do not take part yourself.",
    Answer.DEPUTY: "A colleague comes instead of you.",
    Answer.DECLINED: "You said that you cannot take part.",
}


def said_words(answer: OwnAnswer) -> str:
    """What the desk holds as this invitee's answer, and since when."""
    words = _SAID[answer.answer]
    if words and answer.answered_at:
        return f"{words} Noted on {words_for_moment(answer.answered_at)}."
    return words


def choices_for(meeting: MeetingSeen, held: Answer) -> tuple[Choice, ...]:
    """I attend, and I dial in where that can be done; what fits the format first (D4)."""
    dial_in = dial_in_of(meeting)
    attend = Choice(
        Answer.ATTEND.value,
        "I attend in person",
        meeting.place
        or "This one is held by telephone: come only where you have agreed it with the desk",
        held is Answer.ATTEND,
    )
    if not may_dial_in(meeting.format, dial_in is not None):
        return (attend,)
    how = "By telephone, with the PIN" if dial_in and dial_in.pin else "By telephone"
    by_telephone = Choice(
        Answer.DIAL_IN.value,
        "I dial in",
        how if dial_in else "Telephone the desk for the number",
        held is Answer.DIAL_IN,
    )
    in_person_last = meeting.format is Format.CALL
    return (by_telephone, attend) if in_person_last else (attend, by_telephone)
