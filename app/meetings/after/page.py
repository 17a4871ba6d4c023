"""The page of what follows a discussion: worked out here, so that the template only displays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy.orm import Session

from app.accounts.rules import may
from app.accounts.types import Permission, StaffMember
from app.audit.models import AuditEntry
from app.audit.queries import history_of
from app.audit.types import Subject
from app.core.clock import london_date, words_for_due, words_for_moment
from app.meetings import queries as meetings
from app.meetings.actions.queries import ActionShown, actions_shown, handed_over
from app.meetings.after import queries, rules
from app.meetings.after.carrying import enquiries_of, standing_of
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, Step
from app.meetings.early_notice import queries as notices
from app.meetings.early_notice.queries import NoticeShown
from app.meetings.early_notice.rules import NOTICE_SLOW
from app.meetings.models import Meeting
from app.meetings.restricted.hidden import hidden_cases
from app.meetings.types import ActionState
from app.protocols.exchange import restore
from app.protocols.panel import SOON, DeadlinePanel, deadline_panel, deadline_state
from app.protocols.types import Clock
from app.protocols.wording import time_left
from app.referrals.models import Child
from app.referrals.shown import Event, birth_in_words, event, name_of

EVENTS = 400
TOLD = {
    Conference.LIKELY: "That a conference is likely",
    Conference.REQUIRED: "That a conference is required",
    Conference.NOT_NEEDED: "That none is needed, or expected, any more",
    Conference.NOT_LIKELY: "That none is likely",
}
UNKNOWN_START = (
    "This discussion says that a section 47 enquiry continues, but none that was still open is "
    "known here, so that its 15 working days cannot be counted and it stands in no return. Note "
    "when it began. If it began in this discussion, change the answer."
)
ACTION_STATES = {
    ActionState.OPEN: ("Open", "yellow"),
    ActionState.DONE: ("Done", "green"),
    ActionState.NOT_POSSIBLE: ("Not possible", "red"),
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step: what it is, how it stands in words, and whether it can be noted now."""

    step: str
    label: str
    said: tuple[str, ...]
    due: str
    state: str  # of the deadline: calm, soon, late; empty where nothing is due
    state_text: str
    open: bool


@dataclass(frozen=True, slots=True)
class LetterLine:
    """What the quality service was told by mail, and what became of that letter. `ring` is the
    number of one that did not arrive and that no step of the child's answers: they are told on
    the telephone, and that is noted here."""

    said: str
    state: str
    colour: str
    failed: bool
    ring: int | None = None


@dataclass(frozen=True, slots=True)
class ChildLine:
    ref: str
    name: str
    birth: str
    panels: tuple[DeadlinePanel, ...]
    steps: tuple[StepLine, ...]
    agreed: str
    done: bool
    carried_on_by: str  # the later discussion with which its enquiry is followed
    carries_on: tuple[str, ...]  # the earlier discussions about the same enquiry
    letters: tuple[LetterLine, ...]  # to the quality service
    hint: str


@dataclass(frozen=True, slots=True)
class HandedLine:
    """That an action went to somebody else, why, and what had been reported of it."""

    said: str
    reason: str
    progress: str


HAS_LEFT = "Has left: agree whose it is now"


@dataclass(frozen=True, slots=True)
class ActionLine:
    id: int
    ref: str
    what: str
    why: str
    owner: str
    left: str  # what to do where its owner works here no more
    due_at: datetime
    state: str
    colour: str
    progress: str
    late: str
    reminded_at: datetime | None
    by_telephone: bool  # no letter reminds them
    telephone: str
    may_report: bool
    may_hand_over: bool
    handed: tuple[HandedLine, ...]


@dataclass(frozen=True, slots=True)
class AfterPage:
    ref: str
    referral_ref: str
    ended_at: datetime
    children: tuple[ChildLine, ...]
    actions: tuple[ActionLine, ...]
    events: tuple[Event, ...]
    others: tuple[str, ...]  # the children's other discussions


def page_of(
    session: Session, meeting: Meeting, staff: StaffMember, now: datetime
) -> AfterPage | None:
    """Everything the page of a discussion that has ended shows; None before it has."""
    if meeting.ended_at is None:
        return None
    follows = may(staff.roles, Permission.AFTER_FOLLOW)
    _, referral_ref, _ = meetings.chair_and_referral(session, meeting.id)
    refs = queries.refs_of_same_children(session, meeting.id)
    found = queries.of_meeting(session, meeting.id)
    child_ids = [child.id for _, child in found]
    told = _about_one_enquiry(session, meeting.id, child_ids)
    letters = defaultdict(list)
    for letter in notices.shown(session, child_ids):
        before, _ = told.get(letter.child_id, ((), ()))
        if letter.ref in (meeting.ref, *before):
            letters[letter.child_id].append(letter)
    # Who did what in a case that the reader may not see stays there (decision 0020).
    hidden = hidden_cases()
    subjects = [
        *(Subject("meeting", ref) for ref in refs if ref not in hidden),
        *([Subject("referral", referral_ref)] if referral_ref else []),
    ]
    return AfterPage(
        ref=meeting.ref,
        referral_ref=referral_ref,
        ended_at=meeting.ended_at,
        children=tuple(
            _child(
                row, child, meeting.ended_at, told.get(child.id, ((), ())), letters[child.id], now
            )
            for row, child in found
        ),
        actions=action_lines(session, meeting.id, now, may_report=follows),
        events=_told(history_of(session, subjects, EVENTS)),
        others=tuple(ref for ref in refs if ref != meeting.ref),
    )


def action_lines(
    session: Session, meeting_id: int, now: datetime, *, may_report: bool
) -> tuple[ActionLine, ...]:
    """Every action of a discussion, with who took it over since."""
    handed = defaultdict(list)
    for one in handed_over(session, meeting_id):
        words = f"{words_for_moment(one.at)}, by {one.by}: from {one.before} to {one.to}"
        handed[one.action_id].append(HandedLine(words, one.reason, one.progress or ""))
    return tuple(
        action_line(one, now, may_report=may_report, handed=handed[one.id])
        for one in actions_shown(session, meeting_id)
    )


def action_line(
    one: ActionShown, now: datetime, *, may_report: bool, handed: Sequence[HandedLine] = ()
) -> ActionLine:
    """An action as pages list it."""
    words, colour = ACTION_STATES[one.state]
    late = one.state is ActionState.OPEN and now > one.due_at
    return ActionLine(
        id=one.id,
        ref=one.ref,
        what=one.what,
        why=one.why or "",
        owner=f"{one.owner}, {one.agency}",
        left=HAS_LEFT if one.owner_left and one.state is ActionState.OPEN else "",
        due_at=one.due_at,
        state="Overdue" if late else words,
        colour="red" if late else colour,
        progress=one.progress or "",
        late=time_left(one.due_at, now) if one.state is ActionState.OPEN else "",
        reminded_at=one.reminded_at,
        by_telephone=one.by_telephone and one.state is ActionState.OPEN,
        telephone=one.telephone or "",
        may_report=may_report,
        may_hand_over=may_report and one.signed and one.state is ActionState.OPEN,
        handed=tuple(handed),
    )


def _told(entries: Iterable[AuditEntry]) -> tuple[Event, ...]:
    """The timeline, where the same thing done again and again by one person stands once: a
    discussion is written word by word."""
    found = []
    alike = groupby(map(event, entries), key=lambda one: (one.title, one.who, one.words))
    for _, group in alike:
        first, *others = group
        times = f"{len(others) + 1} times in a row" if others else ""
        found.append(replace(first, words=" ".join(filter(None, (first.words, times)))))
    return tuple(found)


def _about_one_enquiry(
    session: Session, meeting_id: int, child_ids: Collection[int]
) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """By child the discussions about the same section 47 enquiry before this one, and after it."""
    found = {}
    by_child = attrgetter("row.child_id")
    for child_id, of_child in groupby(
        sorted(queries.of_children(session, child_ids), key=by_child), key=by_child
    ):
        for group in enquiries_of(of_child):
            refs = tuple(one.meeting.ref for one in group)
            for place, one in enumerate(group):
                if one.meeting.id == meeting_id:
                    found[child_id] = (refs[:place], refs[place + 1 :])
    return found


def _child(
    row: ChildAfter,
    child: Child,
    ended_at: datetime,
    one_enquiry: tuple[tuple[str, ...], tuple[str, ...]],
    letters: Sequence[NoticeShown],
    now: datetime,
) -> ChildLine:
    standing = standing_of(row, ended_at)
    before, after = one_enquiry
    waits = {each.step: each.due_at for each in rules.pending(standing)} if row.carries else {}
    steps = tuple(
        _step(step, row, waits.get(step), row.carries and rules.open_to(standing, step), now)
        for step in Step
        if step in waits or _said(step, row)
        or (row.carries and step is Step.CONFERENCE and _may_decide(row))
        or (row.carries and step is Step.BEGAN and standing.enquiry_from_elsewhere)
    )  # fmt: skip
    kept = restore(row.clocks).clocks
    met = {
        Clock.ICPC_REFERRAL: row.icpc_referred_at,
        Clock.ICPC_HELD: row.icpc_held_at,
        Clock.ASSESSMENT: row.assessment_completed_at,
    }
    runs = {
        Clock.ICPC_REFERRAL: True,
        # Until it is known that no conference is needed, its limit counts (B2).
        Clock.ICPC_HELD: _may_decide(row) or row.icpc_held_at is not None,
        Clock.ASSESSMENT: row.assessment_runs,
    }
    hint = UNKNOWN_START if row.enquiry_runs and row.section47_started_at is None else ""
    return ChildLine(
        ref=child.ref,
        name=name_of(child),
        birth=birth_in_words(child.date_of_birth, child.due_date, london_date(now)),
        panels=tuple(
            deadline_panel(due, now, met[clock])
            for clock, due in kept.items()
            if row.carries and runs[clock]
        ),
        steps=steps,
        agreed=_agreed(row),
        done=row.carries and not waits and not hint,
        carried_on_by="" if row.carries or not after else after[-1],
        carries_on=before if row.carries else (),
        letters=_letters(
            row,
            letters,
            step_open=any(one.step == Step.QUALITY.value and one.open for one in steps),
        ),
        hint=hint,
    )


def _letters(
    row: ChildAfter, letters: Sequence[NoticeShown], *, step_open: bool
) -> tuple[LetterLine, ...]:
    found = [
        LetterLine(
            f"{TOLD[one.said]}, {words_for_moment(one.sent_at or one.at)}",
            "Not delivered" if one.state.failed else one.state.label,
            "red" if one.state.failed else "green" if one.sent_at else "blue",
            one.waits,
            one.message_id if one.waits and not step_open else None,
        )
        for one in letters
    ]
    if row.notice_due_at is not None:
        words = f"The quality service is told by mail {words_for_moment(row.notice_due_at)}"
        found.append(LetterLine(words, "Planned", "blue", False))
    return tuple(found)


def _may_decide(row: ChildAfter) -> bool:
    """Whether a conference may still become necessary."""
    if row.icpc_held_at is not None:
        return False
    if row.conference is not None and row.conference.value == "not_needed":
        return False
    ended = row.enquiry_outcome is not None and row.enquiry_outcome.value != "continuing_risk"
    needed = row.conference is not None and row.conference.value in ("likely", "required")
    return needed or (row.enquiry_runs and not ended)


def _step(
    step: Step, row: ChildAfter, due_at: datetime | None, can: bool, now: datetime
) -> StepLine:
    state, words = deadline_state(due_at, now, None) if due_at else ("", "")
    due = ""
    if due_at:
        due = f"{words_for_moment(due_at)}, {time_left(due_at, now)}"
        if step is Step.QUALITY:
            due = "At once (BROMLEY 1)"
            if row.notice_due_at is not None and now <= row.notice_due_at + NOTICE_SLOW:
                state, words = "calm", "Planned, by mail"
        elif step is Step.HELD and due_at - now > SOON:
            due = f"Kept for {words_for_moment(due_at)}"
    return StepLine(step.value, step.label, _said(step, row), due, state, words, can)


def _said(step: Step, row: ChildAfter) -> tuple[str, ...]:
    """What is known of a step, in words; empty where nothing is."""
    match step:
        case Step.BEGAN:
            known = row.enquiry_runs and row.enquiry_began_at == row.section47_started_at
            said = _on("Began", row.enquiry_began_at) if known else ()
        case Step.QUALITY:
            said = _on("Told", row.quality_told_at)
        case Step.CONFERENCE:
            said = (row.conference.label,) if row.conference else ()
            said += _on("Decided", row.icpc_decided_at)
            said += (row.conference_reason,) if row.conference_reason else ()
        case Step.REFERRAL:
            said = _on("Referred", row.icpc_referred_at)
        case Step.BOOKING:
            said = _on("Kept for", row.icpc_booked_for)
            said += (f"After the limit: {row.icpc_late_reason}",) if row.icpc_late_reason else ()
        case Step.HELD:
            said = _on("Held", row.icpc_held_at)
            said += (row.icpc_outcome.label,) if row.icpc_outcome else ()
        case Step.ENQUIRY:
            said = (row.enquiry_outcome.label,) if row.enquiry_outcome else ()
            said += _on("Ended", row.enquiry_ended_at)
            said += (row.enquiry_reason,) if row.enquiry_reason else ()
        case Step.ASSESSMENT:
            said = _on("Complete", row.assessment_completed_at)
        case Step.REVIEW:
            said = _on("Planned for", row.review_at) + _on("Held", row.review_held_at)
    return said


def _on(words: str, at: datetime | None) -> tuple[str, ...]:
    return (f"{words} {words_for_moment(at)}",) if at else ()


def _agreed(row: ChildAfter) -> str:
    if row.assessment_days is None or row.assessment_due_at is None:
        return ""
    days = f"{row.assessment_days} working day{'' if row.assessment_days == 1 else 's'}"
    return f"{days}, so by {words_for_due(row.assessment_due_at)} (BROMLEY 3)"
