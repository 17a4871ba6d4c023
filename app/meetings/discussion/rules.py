"""What is asked, what may be written when, whose words stay, and what sign-off waits for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.core.clock import words_for_due, words_for_moment
from app.core.refusal import Refused
from app.directory.types import AgencyKind
from app.meetings.discussion.child_questions import CHILD_GROUPS, CHILD_QUESTIONS
from app.meetings.discussion.due_words import DueUnclear, parse_moment
from app.meetings.discussion.enquiry_questions import LONGEST_ASSESSMENT
from app.meetings.discussion.questions import (
    DISSENT,
    DISSENT_ASKED,
    INFORMATION,
    MEETING_QUESTIONS,
    NOT_KNOWN,
    PROTECTIONS,
)
from app.meetings.discussion.types import (
    MEETING,
    Circumstances,
    DiscussionSnapshot,
    Kind,
    Merge,
    Missing,
    PersonHere,
    Question,
    anchor,
    child_scope,
    never,
    person_scope,
)
from app.meetings.rules import check_held
from app.meetings.types import Attendance, MeetingState

# The chair prepares before and completes after; a signed record is final (F2).
WRITABLE = frozenset(
    {MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY, MeetingState.ENDED}
)
STARTABLE = frozenset({MeetingState.NEEDED, MeetingState.BOOKED})
TOOK_PART = frozenset({Attendance.IN_PERSON, Attendance.BY_PHONE, Attendance.JOINED_LATE})
QUORUM = (AgencyKind.SOCIAL_CARE, AgencyKind.POLICE, AgencyKind.HEALTH)
LONGEST_TEXT = 20_000
_FULL_MOMENT = re.compile(r"[A-Z][a-z]+day \d{1,2} [A-Z][a-z]+ \d{4}( at .+)?")
LONGEST_LINE = 200


def end_of(started_at: datetime | None, typed: datetime | None, now: datetime) -> datetime:
    """When a discussion ended that is ended now: as typed, to the minute, else `now`.

    Raises Refused (field `ended_at`) for a time that cannot be.
    """
    if started_at is None or typed is None:
        return now
    # What is typed has no seconds: the minute of a press stands for the press.
    ended_at = next((one for one in (now, started_at) if to_the_minute(one) == typed), typed)
    if ended_at == started_at:
        return ended_at
    try:
        check_held(started_at, ended_at, now)
    except Refused as refusal:
        began = words_for_moment(started_at)
        raise Refused("ended_at", f"{refusal.message}. It began on {began}") from refusal
    return ended_at


def to_the_minute(moment: datetime) -> datetime:
    """A moment as a form shows it."""
    return moment.replace(second=0, microsecond=0)


def check_writable(state: MeetingState) -> None:
    """Raises Refused for a cancelled discussion and for one whose record is signed (F2)."""
    if state is MeetingState.SIGNED:
        raise Refused(
            "page", "The record is signed and final: make a correction from the record's page"
        )
    if state not in WRITABLE:
        raise Refused("page", "This discussion was cancelled: book or start another one")


def asked(circumstances: Circumstances) -> tuple[Question, ...]:
    """The questions for one child, in order, by the answers given so far (BROMLEY 3, 4)."""
    return tuple(
        question
        for group in CHILD_GROUPS
        for question in group.questions
        if question.asked(circumstances)
    )


def question_for(scope: str, field: str) -> tuple[Question, str]:
    """The question a field belongs to, and its part: "", reason, not_decided or protected.

    Raises Refused for a field that no page has: a forged or outdated form.
    """
    key, _, part = field.partition(".")
    catalogue: Mapping[str, Question] = {
        "child": CHILD_QUESTIONS,
        "invitee": {INFORMATION.key: INFORMATION, NOT_KNOWN.key: NOT_KNOWN},
        "dissent": {DISSENT.key: DISSENT},
        MEETING: MEETING_QUESTIONS,
    }.get(scope.partition(":")[0], {})
    question = catalogue.get(key)
    known = question is not None and (
        (part == "" and question is not DISSENT)
        or (part == "reason" and question.reason is not never)
        or (part == "not_decided" and question.undecidable)
        or (part == "protected" and question.protectable)
    )
    if question is None or not known:
        raise Refused("page", "That field is not part of this page: load the page again")
    return question, part


def tidied_value(question: Question, part: str, value: str, now: datetime) -> str:
    """What is kept of a value: a choice that exists, a date in full, text as it was typed.

    A date that cannot be understood is kept as typed, so that no word is lost; the gate asks for
    it. Raises Refused for a choice that does not exist and for text that is too long.
    """
    if part == "protected":
        return protection(value)
    if part in ("reason", "not_decided") or question.kind is Kind.TEXT:
        return _short_enough(value, LONGEST_TEXT)
    if question.kind is Kind.CHOICE:
        return _choice(value, ["", *(option.value for option in question.options)])
    if question.kind is Kind.TICK:
        return _choice(value, ["", "yes"])
    _short_enough(value, LONGEST_LINE)
    if question.kind is Kind.MOMENT and value:
        try:
            return words_for_due(parse_moment(value, now))
        except DueUnclear:
            return value
    return value


def protection(value: str) -> str:
    """Why some readers may not see words, or "". Raises Refused for what is no such reason."""
    return _choice(value, [option.value for option in PROTECTIONS])


def merge(
    current_version: int, current: str, base_version: int, base: str | None, mine: str
) -> Merge:
    """What becomes of `mine`, written on top of `base_version` (E1: neither overwrites the other).

    Version 0 is the empty field. `base` is what the writer started from, None if unknown.
    """
    if mine == current:
        return Merge.SAME
    if base_version == current_version:
        return Merge.WRITE
    if base is not None and mine == base:
        return Merge.UNTOUCHED
    if not current:
        # Nothing to lose: the other writer emptied the field, and the history has what was there.
        return Merge.WRITE
    return Merge.CONFLICT


def not_here(people: Sequence[PersonHere]) -> tuple[AgencyKind, ...]:
    """Who of social care, police and health takes no part (E5; TIMING). Empty: quorum is met."""
    present = {person.kind for person in people if person.attendance in TOOK_PART}
    return tuple(kind for kind in QUORUM if kind not in present)


def missing(discussion: DiscussionSnapshot) -> list[Missing]:
    """What sign-off waits for, in the order of the page (F1, TIMING).

    Attendance of everyone invited or why it is not known, quorum or the reason why the chair went
    on, each required decision with its reason or "not decided, because ...", an owner and a date on
    every action, and whether dissent was asked for or why not.
    """
    found = [*_missing_people(discussion), *_missing_decisions(discussion)]
    if discussion.start_reason_owed and not discussion.meeting.get("start_reason"):
        found.append(
            Missing("Say why the discussion was started at once", anchor(MEETING, "start_reason"))
        )
    for action in discussion.actions:
        place = f"action-{action.id}"
        if action.owner_id is None:
            found.append(Missing(f"Name who does this: {action.what}", place))
        if action.due_at is None:
            found.append(Missing(f"Say by when: {action.what}", place))
    asked_or_why = discussion.meeting.get(DISSENT_ASKED.key) or discussion.meeting.get(
        DISSENT_ASKED.not_decided_key
    )
    if not asked_or_why and not discussion.dissents:
        found.append(
            Missing(
                "Ask everybody whether they disagree, or say why nobody was asked",
                anchor(MEETING, DISSENT_ASKED.key),
            )
        )
    return found


def _missing_people(discussion: DiscussionSnapshot) -> list[Missing]:
    found = []
    for person in discussion.people:
        scope = person_scope(person.id)
        if person.attendance is None and not person.not_known:
            words = f"Say whether {person.name} took part, or why that is not known"
            found.append(Missing(words, anchor(scope, "attendance")))
        named = person.attended_name or person.not_known
        if person.is_team and person.attendance in TOOK_PART and not named:
            found.append(
                Missing(f"Name who took part for {person.name}", anchor(scope, "attended_name"))
            )
    absent = not_here(discussion.people)
    if absent and not discussion.meeting.get("quorum_reason"):
        names = listed([kind.label.lower() for kind in absent])
        found.append(
            Missing(
                f"Give the reason why the discussion went on without {names}",
                anchor(MEETING, "quorum_reason"),
            )
        )
    return found


def _missing_decisions(discussion: DiscussionSnapshot) -> list[Missing]:
    found = []
    for child in discussion.children:
        for question in asked(child.circumstances):
            if what := missing_of(question, child.circumstances):
                field, words = what
                found.append(
                    Missing(
                        f"{child.name}: {words}", anchor(child_scope(child.id), field), child.id
                    )
                )
    return found


def missing_of(question: Question, circumstances: Circumstances) -> tuple[str, str] | None:
    """The field of a question that still lacks something, and in words what; None when settled."""
    answers = circumstances.answers
    value = answers.get(question.key, "")
    label = question.label.rstrip("?")
    if not value:
        if answers.get(question.not_decided_key) or not question.required(circumstances):
            return None
        return question.key, f"{label}: answer, or say why it is not decided"
    if question.reason(circumstances) and not answers.get(question.reason_key):
        return question.reason_key, f"{label}: {question.reason_label.lower()}"
    if question.kind is Kind.WORKING_DAYS and not _is_working_days(value):
        return (
            question.key,
            f"{label}: give a number from 1 to {LONGEST_ASSESSMENT}",
        )
    if question.kind is Kind.MOMENT and not is_full_moment(value):
        return question.key, f"{label}: “{value}” is no date, say it another way"
    return None


def is_full_moment(value: str) -> bool:
    """Whether a kept value is a full date, as `tidied_value` writes it."""
    return _FULL_MOMENT.fullmatch(value) is not None


def listed(words: Sequence[str]) -> str:
    """`police and health`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _is_working_days(value: str) -> bool:
    return value.isascii() and value.isdigit() and 1 <= int(value) <= LONGEST_ASSESSMENT


def _choice(value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise Refused("page", "That choice does not exist: load the page again and choose")
    return value


def _short_enough(value: str, most: int) -> str:
    if len(value) > most:
        raise Refused("page", f"Shorten this to {most:,} characters or fewer")
    return value
