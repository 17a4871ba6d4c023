"""What was said and decided, as plain values: what the record is made of (F1, F2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.directory.types import AgencyKind
from app.meetings.discussion import queries, rules
from app.meetings.discussion.questions import (
    AGENDA,
    ANALYSIS,
    DISSENT,
    DISSENT_ASKED,
    INFORMATION,
    QUORUM_REASON,
    START_REASON,
    TIMES_REASON,
)
from app.meetings.discussion.snapshots import (
    circumstances_of,
    not_known,
    people_in,
    snapshot_of,
)
from app.meetings.discussion.types import (
    MEETING,
    Circumstances,
    DiscussionSnapshot,
    Kind,
    Missing,
    Question,
    dissent_scope,
    person_scope,
)
from app.meetings.models import Invitee, Meeting
from app.meetings.rules import who_said
from app.meetings.standing import invitees_here, removed_senders, replaced_by, standing
from app.meetings.types import Attendance
from app.referrals.shown import told_apart

NOT_DECIDED = "Not decided"
SEE_REASON = "See the reason"
# Whose answer says what somebody typed: it may be protected. A choice's may not, its reason may.
TYPED = frozenset(Kind) - {Kind.CHOICE, Kind.TICK}


@dataclass(frozen=True, slots=True)
class Passage:
    """Words, and why some readers may not see them: health_of_others, referrer, address or ""."""

    text: str
    protects: str = ""


@dataclass(frozen=True, slots=True)
class DecisionContent:
    """A question, its answer and why. The answer is open to every reader of the record.

    Where an answer that was typed is protected, its words stand in `reason`.
    """

    key: str
    question: str
    answer: str
    reason: Passage | None
    headline: bool
    decided: bool


@dataclass(frozen=True, slots=True)
class ChildContent:
    id: int
    ref: str
    name: str
    date_of_birth: date | None
    due_date: date | None
    case_reference: str
    address: str
    decisions: tuple[DecisionContent, ...]


@dataclass(frozen=True, slots=True)
class PersonContent:
    """An invitee and how they took part; `attended_*`: who sat behind a team's address."""

    invitee_id: int
    name: str
    title: str
    agency_id: int | None
    agency_name: str
    agency_kind: AgencyKind
    attendance: Attendance | None
    decision_maker: bool
    attended_name: str
    attended_role: str
    deputy_for: str
    not_known: str  # why nobody knows whether they took part


@dataclass(frozen=True, slots=True)
class QuorumContent:
    """Who of social care, police and health took no part, and why the chair went on (E5)."""

    missing: tuple[AgencyKind, ...]
    reason: Passage

    @property
    def met(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class InformationContent:
    invitee_id: int
    agency_id: int | None
    agency_name: str
    given_by: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class AnalysisContent:
    heading: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class ActionContent:
    id: int
    number: int
    what: str
    why: str
    owner_id: int
    owner_name: str
    owner_agency: str
    due_at: datetime
    child_id: int | None
    child_name: str
    child_place: int | None
    protects: str  # as of a Passage, for what and why


@dataclass(frozen=True, slots=True)
class DissentContent:
    invitee_id: int
    name: str
    agency_name: str
    about: str
    why: str
    protects: str


@dataclass(frozen=True, slots=True)
class DiscussionContent:
    """Everything the chair's page holds, in the order of the record."""

    agenda: Passage
    children: tuple[ChildContent, ...]
    people: tuple[PersonContent, ...]
    quorum: QuorumContent
    information: tuple[InformationContent, ...]
    analysis: tuple[AnalysisContent, ...]
    actions: tuple[ActionContent, ...]
    dissents: tuple[DissentContent, ...]
    dissent_asked: bool
    dissent_not_asked: str  # why not, where nobody was asked and nobody disagrees


def gate_of(session: Session, meeting: Meeting) -> list[Missing]:
    """What sign-off still waits for, each with the id of the control that mends it (F1)."""
    return rules.missing(discussion_snapshot(session, meeting))


def discussion_snapshot(session: Session, meeting: Meeting) -> DiscussionSnapshot:
    """What the gate looks at, as it stands now."""
    return snapshot_of(
        queries.children_of(session, meeting),
        invitees_here(meeting.invitees),
        queries.entries_of(session, meeting),
        queries.actions_of(session, meeting),
        len(queries.dissents_of(session, meeting)),
        queries.setting_of(session, meeting).flags,
        meeting.need_reason,
    )


def content_of(session: Session, meeting: Meeting) -> DiscussionContent:
    """The discussion as it stands now, for the record (BROMLEY 5).

    Questions that are not asked after all are left out, and so is what has no answer.
    """
    children = queries.children_of(session, meeting)
    invitees = invitees_here(meeting.invitees)
    # What was written down before somebody was removed is known all the same (D5).
    heard = [*invitees, *removed_senders(meeting.invitees)]
    entries = queries.entries_of(session, meeting)
    flags = queries.setting_of(session, meeting).flags
    said = {field: written.value for (where, field), written in entries.items() if where == MEETING}
    names = told_apart(children)
    places = {child.id: place for place, child in enumerate(children)}
    people = {invitee.id: invitee for invitee in meeting.invitees}
    return DiscussionContent(
        agenda=_passage(said, AGENDA),
        children=tuple(
            ChildContent(
                id=child.id,
                ref=child.ref,
                name=names[child.id],
                date_of_birth=child.date_of_birth,
                due_date=child.due_date,
                case_reference=child.case_reference or "",
                address=child.address or "",
                decisions=_decisions(circumstances_of(child, entries, flags)),
            )
            for child in children
        ),
        people=tuple(_person(invitee, invitees, entries) for invitee in standing(invitees)),
        quorum=QuorumContent(rules.not_here(people_in(invitees)), _passage(said, QUORUM_REASON)),
        information=tuple(
            InformationContent(
                invitee_id=invitee.id,
                agency_id=invitee.agency_id,
                agency_name=invitee.agency_name,
                given_by=invitee.attended_name or invitee.name,
                passage=Passage(words.value, protects.value if protects else ""),
            )
            for invitee in heard
            if (words := entries.get((person_scope(invitee.id), INFORMATION.key))) and words.value
            for protects in [entries.get((person_scope(invitee.id), INFORMATION.protected_key))]
        ),
        analysis=tuple(
            AnalysisContent(question.label, _passage(said, question))
            for question in (START_REASON, TIMES_REASON, *ANALYSIS)
            if said.get(question.key)
        ),
        actions=tuple(
            ActionContent(
                id=action.id,
                number=number,
                what=action.what,
                why=action.why or "",
                owner_id=action.owner_id,
                owner_name=people[action.owner_id].name,
                owner_agency=people[action.owner_id].agency_name,
                due_at=action.due_at,
                child_id=action.child_id,
                child_name=names.get(action.child_id or 0, ""),
                child_place=places.get(action.child_id or 0),
                protects=action.protects,
            )
            for number, action in queries.numbered_actions_of(session, meeting)
        ),
        dissents=tuple(
            DissentContent(
                dissent.invitee_id,
                who_said(people[dissent.invitee_id].name, dissent.person_name, dissent.person_role),
                people[dissent.invitee_id].agency_name,
                dissent.what,
                dissent.why or "",
                protects.value if protects else "",
            )
            for dissent in queries.dissents_of(session, meeting)
            for protects in [entries.get((dissent_scope(dissent.id), DISSENT.protected_key))]
        ),
        dissent_asked=said.get(DISSENT_ASKED.key) == "yes",
        dissent_not_asked=(
            "" if said.get(DISSENT_ASKED.key) else said.get(DISSENT_ASKED.not_decided_key, "")
        ),
    )


def _passage(said: Mapping[str, str], question: Question) -> Passage:
    """What was written to a question of the whole discussion, and who may not read it."""
    return Passage(said.get(question.key, ""), said.get(question.protected_key, ""))


def decision_of(question: Question, circumstances: Circumstances) -> DecisionContent | None:
    """One question as it was settled, in words; None where nothing was said."""
    answers = circumstances.answers
    value = answers.get(question.key, "")
    protects = answers.get(question.protected_key, "")
    reason: Passage | None = None
    if not value:
        why = answers.get(question.not_decided_key, "")
        if not why:
            return None
        answer, reason = NOT_DECIDED, Passage(why, protects)
    elif protects and question.kind in TYPED:
        answer, reason = SEE_REASON, Passage(value, protects)
    else:
        answer = answer_in_words(question, value)
        why = answers.get(question.reason_key, "")
        if why and question.reason(circumstances):
            reason = Passage(why, protects)
    return DecisionContent(
        question.key, question.label, answer, reason, question.headline, decided=bool(value)
    )


def answer_in_words(question: Question, value: str) -> str:
    """The label of a choice, `20 working days`, or the words as they were typed."""
    for option in question.options:
        if option.value == value:
            return option.label
    if question.kind is Kind.WORKING_DAYS and value.isdigit():
        return f"{value} working day{'' if value == '1' else 's'}"
    return value


def _decisions(circumstances: Circumstances) -> tuple[DecisionContent, ...]:
    found = (decision_of(question, circumstances) for question in rules.asked(circumstances))
    return tuple(decision for decision in found if decision is not None)


def _person(invitee: Invitee, invitees: list[Invitee], entries: queries.Entries) -> PersonContent:
    instead_of = replaced_by(invitee, invitees)
    unsaid = invitee.attendance is None or (invitee.is_team and not invitee.attended_name)
    return PersonContent(
        invitee_id=invitee.id,
        name=invitee.name,
        title=invitee.title,
        agency_id=invitee.agency_id,
        agency_name=invitee.agency_name,
        agency_kind=invitee.agency_kind,
        attendance=invitee.attendance,
        decision_maker=invitee.decision_maker,
        attended_name=invitee.attended_name or "",
        attended_role=invitee.attended_role or "",
        deputy_for=instead_of[-1].name if instead_of else "",
        not_known=not_known(entries, invitee.id) if unsaid else "",
    )
