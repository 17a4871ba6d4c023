"""What sign-off waits for (F1), quorum (E5) and whose words stay (E1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.refusal import Refused
from app.directory.types import AgencyKind
from app.meetings.discussion import rules
from app.meetings.discussion.child_questions import CHILD_QUESTIONS
from app.meetings.discussion.rules import merge, missing, not_here
from app.meetings.discussion.types import (
    ActionLine,
    ChildAnswers,
    Circumstances,
    DiscussionSnapshot,
    Merge,
    PersonHere,
    never,
)
from app.meetings.types import Attendance, MeetingState
from tests.clock import FRIDAY

# Answers that bring few further questions, and everything that is required then.
SETTLED = {
    "harm": "yes",
    "harm.reason": "A burn that nobody explains.",
    "section_47": "not_started",
    "section_47.reason": "The threshold is not met.",
    "instead": "assessment",
    "crime": "none",
    "immediate_safety": "At home with the aunt.",
    "protection": "none",
    "legal_action": "no",
    "other_children": "None in the household.",
    "medical": "not_needed",
    "medical.reason": "Seen by the paediatrician today.",
    "family_told": "no",
    "family_told.reason": "It would put the child at risk.",
    "conference": "not_likely",
    "assessment": "20",
}
CHAIR = PersonHere(1, "Helen Marsh", AgencyKind.SOCIAL_CARE, Attendance.BY_PHONE)
POLICE = PersonHere(2, "Police desk", AgencyKind.POLICE, Attendance.IN_PERSON)
HEALTH = PersonHere(3, "Health visitor", AgencyKind.HEALTH, Attendance.JOINED_LATE)
WHOLE = DiscussionSnapshot(
    meeting={"dissent_asked": "yes"},
    children=(ChildAnswers(7, "Amara Okonjo", Circumstances(SETTLED)),),
    people=(CHAIR, POLICE, HEALTH),
    actions=(ActionLine(5, "Visit the school", 2, FRIDAY + timedelta(days=1)),),
    dissents=0,
)


def whats(snapshot: DiscussionSnapshot) -> list[str]:
    return [one.what for one in missing(snapshot)]


def without(*keys: str) -> DiscussionSnapshot:
    answers = {key: value for key, value in SETTLED.items() if key not in keys}
    return replace(WHOLE, children=(ChildAnswers(7, "Amara Okonjo", Circumstances(answers)),))


def test_nothing_is_missing_when_all_is_said():
    assert whats(WHOLE) == []


@pytest.mark.parametrize(
    "key", [key for key in SETTLED if "." not in key and CHILD_QUESTIONS[key].required is not never]
)
def test_each_required_decision_is_missed(key: str):
    (one,) = missing(without(key, f"{key}.reason"))
    assert one.anchor == f"child-7-{key}"
    assert one.what.startswith("Amara Okonjo: ")
    assert one.child_id == 7


def test_a_decision_without_its_reason_is_missed():
    (one,) = missing(without("section_47.reason"))
    assert one.what == "Amara Okonjo: Section 47 enquiry: rationale"
    assert one.anchor == "child-7-section_47-reason"


def test_everyone_invited_has_an_attendance():
    silent = replace(HEALTH, attendance=None)
    words = "Say whether Health visitor took part, or why that is not known"
    everybody = (CHAIR, POLICE, HEALTH, replace(silent, id=4))
    assert whats(replace(WHOLE, people=everybody)) == [words]
    unknown = replace(silent, id=4, not_known="The line went dead")
    assert whats(replace(WHOLE, people=(CHAIR, POLICE, HEALTH, unknown))) == []
    # Who counts for the quorum is known to be here.
    gone_on = "Give the reason why the discussion went on without health"
    assert whats(replace(WHOLE, people=(CHAIR, POLICE, unknown))) == [gone_on]


def test_a_duty_desk_that_took_part_gets_a_name():
    desk = replace(POLICE, is_team=True)
    (one,) = missing(replace(WHOLE, people=(CHAIR, desk, HEALTH)))
    assert one.anchor == "invitee-2-attended_name"
    named = replace(desk, attended_name="DS Ann Green")
    assert whats(replace(WHOLE, people=(CHAIR, named, HEALTH))) == []
    nobody_knows = replace(desk, not_known="They gave no name")
    assert whats(replace(WHOLE, people=(CHAIR, nobody_knows, HEALTH))) == []


@pytest.mark.parametrize("how", [Attendance.REPORT_ONLY, Attendance.ABSENT])
def test_a_report_or_an_absence_is_no_quorum(how: Attendance):
    people = (CHAIR, replace(POLICE, attendance=how), HEALTH)
    assert not_here(people) == (AgencyKind.POLICE,)
    snapshot = replace(WHOLE, people=people)
    assert whats(snapshot) == ["Give the reason why the discussion went on without police"]
    reasoned = {**WHOLE.meeting, "quorum_reason": "The desk did not answer three calls."}
    assert whats(replace(snapshot, meeting=reasoned)) == []


def test_an_action_without_owner_or_date_is_missed():
    bare = ActionLine(9, "Ring the GP", None, None)
    assert whats(replace(WHOLE, actions=(bare,))) == [
        "Name who does this: Ring the GP",
        "Say by when: Ring the GP",
    ]


def test_dissent_is_asked_for_or_recorded():
    unasked = replace(WHOLE, meeting={})
    assert whats(unasked) == ["Ask everybody whether they disagree, or say why nobody was asked"]
    assert whats(replace(unasked, dissents=1)) == []
    why = {"dissent_asked.not_decided": "The police had to leave at once"}
    assert whats(replace(unasked, meeting=why)) == []


@pytest.mark.parametrize(
    ("current", "base_version", "base", "mine", "becomes"),
    [
        ((2, "theirs"), 2, "theirs", "mine", Merge.WRITE),
        ((2, "theirs"), 1, "old", "mine", Merge.CONFLICT),
        ((2, "theirs"), 1, "old", "old", Merge.UNTOUCHED),
        ((2, "same"), 1, "old", "same", Merge.SAME),
        ((1, "theirs"), 0, "", "mine", Merge.CONFLICT),
        ((3, ""), 1, "old", "mine", Merge.WRITE),
        ((2, "theirs"), 9, None, "mine", Merge.CONFLICT),
    ],
)
def test_whose_words_stay(
    current: tuple[int, str], base_version: int, base: str | None, mine: str, becomes: Merge
):
    assert merge(*current, base_version, base, mine) is becomes


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ("meeting", "harm"),
        ("child:7", "agenda"),
        ("child:7", "harm.secret"),
        ("child:7", "crime.reason"),
        ("meeting", "agenda.not_decided"),
        ("invitee:2", "harm"),
        ("nobody", "harm"),
        ("child:7", ""),
    ],
)
def test_a_field_that_no_page_has_is_refused(scope: str, field: str):
    with pytest.raises(Refused):
        rules.question_for(scope, field)


def test_a_choice_that_does_not_exist_is_refused():
    with pytest.raises(Refused):
        rules.tidied_value(CHILD_QUESTIONS["section_47"], "", "perhaps", FRIDAY)


def test_a_date_in_words_is_kept_in_full_and_no_word_is_lost():
    when = CHILD_QUESTIONS["seen_when"]
    assert rules.tidied_value(when, "", "tomorrow 9 am", FRIDAY) == (
        "Saturday 21 November 2026 at 9:00 am"
    )
    assert rules.tidied_value(when, "", "after the christening", FRIDAY) == "after the christening"


@pytest.mark.parametrize("state", [MeetingState.SIGNED, MeetingState.CANCELLED])
def test_what_is_final_is_not_written_in(state: MeetingState):
    with pytest.raises(Refused):
        rules.check_writable(state)
