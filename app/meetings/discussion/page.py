"""The chair's page, prepared: what each field says, whether it is shown, who wrote it (E1, E2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.core.clock import words_for_moment, words_for_span, words_for_time
from app.meetings.discussion import rules
from app.meetings.discussion.child_questions import CHILD_GROUPS
from app.meetings.discussion.controls import Painter, withheld
from app.meetings.discussion.lists_shown import (
    actions_mark,
    actions_shown,
    here_words,
    name_of_invitee,
    people_mark,
    quorum_words,
)
from app.meetings.discussion.models import Dissent
from app.meetings.discussion.people import (
    ATTENDANCE,
    ATTENDED_NAME,
    ATTENDED_ROLE,
    is_newcomer,
    text_version,
)
from app.meetings.discussion.queries import Entries, Held
from app.meetings.discussion.questions import (
    AGENDA,
    ANALYSIS,
    DISSENT,
    DISSENT_ASKED,
    INFORMATION,
    NOT_KNOWN,
    QUORUM_REASON,
    STANDARD_AGENDA,
    START_REASON,
    TIMES_REASON,
)
from app.meetings.discussion.reports_shown import heard_though_removed, reports_by
from app.meetings.discussion.shown import (
    ChildShown,
    ClockShown,
    DissentShown,
    FieldShown,
    GroupShown,
    HoldPage,
    PersonShown,
    ReplacedShown,
)
from app.meetings.discussion.snapshots import circumstances_of, snapshot_of
from app.meetings.discussion.times import CORRECTABLE
from app.meetings.discussion.types import (
    MEETING,
    Circumstances,
    PageKept,
    child_scope,
    dissent_scope,
    person_scope,
)
from app.meetings.escalation.page import stands_words, strikable, struck_words
from app.meetings.models import Invitee, Meeting
from app.meetings.rules import who_said
from app.meetings.standing import replaced_by, same_person, standing
from app.meetings.types import Answer, Attendance, MeetingState
from app.referrals.models import Child
from app.referrals.shown import told_apart

_SHORT_ATTENDANCE = {
    Attendance.IN_PERSON: "In person",
    Attendance.BY_PHONE: "By phone",
    Attendance.JOINED_LATE: "Joined late",
    Attendance.REPORT_ONLY: "Report",
    Attendance.ABSENT: "Absent",
}


def hold_page(row: Held, reader: str, now: datetime, kept: PageKept | None = None) -> HoldPage:
    """Everything the template displays. `reader` is the name of who looks at the page."""
    meeting = row.meeting
    told = {child_scope(child_id): words for child_id, words in row.told.items()}
    painter = Painter(row.entries, reader, kept or PageKept(), told)
    snapshot = snapshot_of(
        row.children,
        row.invitees,
        row.entries,
        row.actions,
        row.disagree,
        row.setting.flags,
        meeting.need_reason,
    )
    people = {invitee.id: _person(painter, invitee, row) for invitee in row.invitees}
    counted = standing(row.invitees)
    return HoldPage(
        ref=meeting.ref,
        read_at=now,
        state=meeting.state.value,
        state_text=meeting.state.label,
        can_start=meeting.state in rules.STARTABLE,
        can_end=meeting.state is MeetingState.UNDER_WAY,
        can_sign=meeting.state is MeetingState.ENDED,
        read_only=meeting.state not in rules.WRITABLE,
        read_only_words=_read_only_words(meeting.state),
        clock=_clock(meeting, now),
        chair=row.setting.chair,
        dial_in=row.setting.telephone or meeting.typed_dial_in or "",
        pin=row.setting.pin,
        place=meeting.place or "",
        here=here_words(row.invitees),
        saved=_saved_words(row.entries),
        agenda_standard=STANDARD_AGENDA,
        agenda=painter.question(MEETING, AGENDA),
        agenda_protected=withheld(painter, MEETING, AGENDA),
        people=tuple(people[invitee.id] for invitee in counted),
        speakers=tuple(
            people[invitee.id]
            for invitee in row.invitees
            if invitee in counted or people[invitee.id].information.value
        ),
        removed=heard_though_removed(row, painter),
        analysis=tuple(
            painter.block(MEETING, question, Circumstances({})) for question in ANALYSIS
        ),
        children=_children(painter, row),
        quorum_words=quorum_words(row.invitees),
        quorum_reason=painter.question(MEETING, QUORUM_REASON),
        quorum_protected=withheld(painter, MEETING, QUORUM_REASON),
        start_protected=withheld(painter, MEETING, START_REASON),
        start_reason=(
            painter.question(MEETING, START_REASON)
            if snapshot.start_reason_owed or (MEETING, START_REASON.key) in row.entries
            else None
        ),
        times_protected=withheld(painter, MEETING, TIMES_REASON),
        times_reason=(
            painter.question(MEETING, TIMES_REASON)
            if (MEETING, TIMES_REASON.key) in row.entries
            else None
        ),
        times=times_words(meeting),
        can_correct_times=meeting.state in CORRECTABLE,
        dissent_asked=painter.question(MEETING, DISSENT_ASKED),
        dissent_not_asked=_if_settling(
            meeting,
            painter.control(
                MEETING, DISSENT_ASKED.not_decided_key, "text", "Nobody was asked, because"
            ),
            asked=not row.disagree,
        ),
        dissents=tuple(_dissent(painter, row, dissent) for dissent in row.dissents),
        actions=actions_shown(row.actions, row.invitees, row.children),
        actions_mark=actions_mark(row.actions),
        people_mark=people_mark(row.invitees, row.dissents),
        missing=tuple(rules.missing(snapshot)),
        troubles=tuple(painter.found),
    )


def _children(painter: Painter, row: Held) -> tuple[ChildShown, ...]:
    names = told_apart(row.children)
    given = told_apart(row.children, given=True)
    return tuple(_child(painter, child, row, names[child.id], given) for child in row.children)


def _child(
    painter: Painter, child: Child, row: Held, name: str, given: Mapping[int, str]
) -> ChildShown:
    scope = child_scope(child.id)
    circumstances = circumstances_of(child, row.entries, row.setting.flags)
    return ChildShown(
        id=child.id,
        anchor=f"child-{child.id}",
        name=name,
        about=_about(child),
        groups=tuple(
            GroupShown(
                group.title,
                tuple(
                    painter.block(scope, question, circumstances) for question in group.questions
                ),
            )
            for group in CHILD_GROUPS
        ),
        siblings=tuple((id_, other) for id_, other in given.items() if id_ != child.id),
    )


def _about(child: Child) -> str:
    if child.date_of_birth:
        born = child.date_of_birth
        return f"Born {born.day} {born:%B %Y}"
    if child.due_date:
        return f"Unborn, due {child.due_date.day} {child.due_date:%B %Y}"
    return "Date of birth not known"


def _person(painter: Painter, invitee: Invitee, row: Held) -> PersonShown:
    scope = person_scope(invitee.id)
    replaced = replaced_by(invitee, row.invitees)
    sent_by = {one.id for one in (invitee, *replaced)}
    sent_by |= {one.id for one in row.removed if same_person(one, invitee)}
    attended: tuple[FieldShown, ...] = ()
    if invitee.is_team:
        attended = (
            painter.control(
                scope,
                ATTENDED_NAME,
                "line",
                "Who is it",
                stored=(invitee.attended_name or "", text_version(invitee.attended_name or "")),
            ),
            painter.control(
                scope,
                ATTENDED_ROLE,
                "line",
                "Their role",
                stored=(invitee.attended_role or "", text_version(invitee.attended_role or "")),
            ),
        )
    return PersonShown(
        id=invitee.id,
        name=invitee.name,
        title=invitee.title,
        agency=invitee.agency_name,
        telephone=invitee.telephone or "",
        answer="" if invitee.answer is Answer.NONE else invitee.answer.label,
        instead_of=tuple(_came_after_all(painter, one) for one in replaced),
        may_decide=invitee.decision_maker,
        take_off=is_newcomer(invitee),
        attendance=_attendance(painter, invitee),
        attended=attended,
        not_known=_if_settling(
            row.meeting,
            painter.question(scope, NOT_KNOWN),
            asked=invitee.attendance is None or invitee.is_team,
        ),
        information=painter.control(
            scope,
            INFORMATION.key,
            "text",
            f"What {invitee.agency_name} knows",
        ),
        protected=withheld(painter, scope, INFORMATION),
        reports=reports_by(row, sent_by),
    )


def _if_settling(meeting: Meeting, field: FieldShown, *, asked: bool = True) -> FieldShown | None:
    """What is asked only once nobody can be asked any more, and stays where it was said."""
    said = field.value or field.conflict or field.error
    return field if said or (asked and meeting.state is MeetingState.ENDED) else None


def _came_after_all(painter: Painter, invitee: Invitee) -> ReplacedShown:
    return ReplacedShown(invitee.name, _attendance(painter, invitee))


def _attendance(painter: Painter, invitee: Invitee) -> FieldShown:
    noted = invitee.attendance.value if invitee.attendance else ""
    return painter.control(
        person_scope(invitee.id),
        ATTENDANCE,
        "choice",
        f"How {invitee.name} takes part",
        choices=[(one.value, _SHORT_ATTENDANCE[one]) for one in Attendance],
        stored=(noted, text_version(noted)),
    )


def _dissent(painter: Painter, row: Held, dissent: Dissent) -> DissentShown:
    held = row.escalations.get(dissent.id)
    strike = (
        held is not None
        and row.meeting.state in rules.WRITABLE
        and strikable(dissent, held, row.meeting.signed_at)
    )
    return DissentShown(
        who_said(
            name_of_invitee(row.invitees, dissent.invitee_id),
            dissent.person_name,
            dissent.person_role,
        ),
        dissent.what,
        dissent.why or "",
        stands_words(held),
        struck_words(dissent),
        held.id if held is not None and strike else 0,
        withheld(painter, dissent_scope(dissent.id), DISSENT, "choice"),
    )


def _clock(meeting: Meeting, now: datetime) -> ClockShown:
    if meeting.ended_at and meeting.record_due_at:
        words = f"Record due {words_for_moment(meeting.record_due_at)}"
        return ClockShown(words, meeting.record_due_at, False)
    if meeting.started_at:
        span = words_for_span(now - meeting.started_at)
        return ClockShown(f"{span} so far", meeting.started_at, True)
    if meeting.starts_at:
        words = f"Booked for {words_for_moment(meeting.starts_at)}"
        return ClockShown(words, meeting.starts_at, False)
    return ClockShown("Not started", None, False)


def times_words(meeting: Meeting) -> str:
    """When it was held, as far as it has."""
    if meeting.started_at is None:
        return ""
    if meeting.ended_at is None:
        return f"It began on {words_for_moment(meeting.started_at)}."
    began, over = words_for_moment(meeting.started_at), words_for_moment(meeting.ended_at)
    return f"It began on {began} and ended on {over}."


def _saved_words(entries: Entries) -> str:
    last = max((written.at for written in entries.values()), default=None)
    return f"Saved at {words_for_time(last)}" if last else "Nothing written yet"


def _read_only_words(state: MeetingState) -> str:
    if state is MeetingState.SIGNED:
        return "The record is signed and final. What was written is shown as it was signed."
    if state is MeetingState.CANCELLED:
        return "This discussion was cancelled."
    return ""
