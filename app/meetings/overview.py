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
from app.meetings import queries
from app.meetings.booking.cautions import cautions_about
from app.meetings.booking.named_there import named_there
from app.meetings.booking.page import deadline_of
from app.meetings.booking.since import since_booked
from app.meetings.booking.slots import is_late
from app.meetings.calls.letters import unreached
from app.meetings.calls.page import untold_removed
from app.meetings.calls.queries import calls_of
from app.meetings.calls.types import CallShown
from app.meetings.invitee_line import InviteeLine, ReportLine, failed, invitee_line, report_lines
from app.meetings.models import Invitee, LeftOut, Meeting
from app.meetings.open_case.queries import about_of, open_case_of
from app.meetings.open_case.service import in_words
from app.meetings.queries import ChildShown, MessageShown, Place, ReportShown
from app.meetings.received.queries import MailRemark, remarks_of
from app.meetings.sooner.service import panel as sooner_panel
from app.meetings.standing import removed_senders
from app.meetings.steps import Step, desk_steps, steps
from app.meetings.types import Answer, Format, MeetingState, TakenBack
from app.protocols.panel import DeadlinePanel

STATE_COLOURS = {
    MeetingState.NEEDED: "orange",
    MeetingState.BOOKED: "teal",
    MeetingState.UNDER_WAY: "blue",
    MeetingState.ENDED: "orange",
    MeetingState.SIGNED: "green",
    MeetingState.CANCELLED: "grey",
}
Row = TypeVar("Row", MessageShown, ReportShown, MailRemark, CallShown)


@dataclass(frozen=True, slots=True)
class Overview:
    meeting: Meeting
    state: str
    state_colour: str
    deadline: DeadlinePanel | None
    sooner: DeadlinePanel | None  # by what was noted since, until it is taken
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
    late_unsaid: bool  # booked after a deadline that became earlier, and nobody said why it stays
    may_need_another: bool
    refreshes: bool


def overview_of(
    session: Session,
    meeting: Meeting,
    staff: StaffMember,
    now: datetime,
    taken_back: TakenBack | None = None,
) -> Overview:
    """Everything the page of one discussion shows to this member of staff; `taken_back` where its
    record was recalled."""
    letters = queries.messages_of(session, meeting.id)
    sent, no_letter = _by_invitee(letters), unreached(meeting, letters)
    reports = _by_invitee(queries.reports_of(session, meeting.id))
    came = _by_invitee(remarks_of(session, meeting.id))
    calls = _by_invitee(calls_of(session, meeting.id))
    there = [one for one in meeting.invitees if one.removed_at is None]
    over = meeting.started_at is not None
    books = may(staff.roles, Permission.DISCUSSION_BOOK)
    people = tuple(
        invitee_line(
            one,
            sent[one.id],
            reports[one.id],
            came[one.id],
            calls[one.id],
            meeting,
            no_letter=one.id in no_letter,
            can_book=books,
            named_by_link=bool(named_there(session, meeting, one)) if over else False,
        )
        for one in there
    )
    asked = [one for one in there if one.staff_id is None]
    answered = sum(one.answer is not Answer.NONE for one in asked)
    waiting = len(asked) - answered
    step, others = steps(meeting, staff, now, waiting=waiting, taken_back=taken_back)
    chair, referral_ref, may_chair = queries.chair_and_referral(session, meeting.id)
    if books:
        others = (*others, *desk_steps(session, meeting, no_letter, now))
    late = meeting.starts_at is not None and is_late(meeting.starts_at, meeting.due_at)
    left_out = queries.left_out_of(session, meeting.id)
    return Overview(
        meeting=meeting,
        state=meeting.state.label,
        state_colour=STATE_COLOURS[meeting.state],
        deadline=deadline_of(meeting.clocks, meeting.started_at, now),
        sooner=sooner_panel(session, meeting, now),
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
        removed_untold=untold_removed(meeting, calls, no_letter),
        removed_reports={
            one.id: report_lines(reports[one.id]) for one in removed_senders(meeting.invitees)
        },
        left_out=left_out,
        cautions=(
            *cautions_about(meeting, there, may_chair=may_chair),
            *since_booked(session, meeting, left_out, now),
        ),
        failures=sum(failed(sent[one.id]) for one in there),
        answered=f"{answered} of {len(asked)} have answered" if asked else "",
        late_reason=(meeting.late_reason or "") if late else "",
        late_unsaid=late
        and not meeting.late_reason
        and meeting.state is MeetingState.BOOKED
        and "earlier" in meeting.clocks,
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


def _how(meeting: Meeting) -> str:
    if meeting.format is Format.CALL or not meeting.place:
        return meeting.format.label
    return f"{meeting.format.label}: {meeting.place}"


def _by_invitee(rows: Sequence[Row]) -> dict[int, list[Row]]:
    grouped: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.invitee_id is not None:
            grouped[row.invitee_id].append(row)
    return grouped
