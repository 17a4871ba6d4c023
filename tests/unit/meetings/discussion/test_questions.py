"""Which questions are asked of which child, by the answers so far (BROMLEY 3, 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.meetings.discussion.child_questions import CHILD_GROUPS, CHILD_QUESTIONS
from app.meetings.discussion.content import decision_of
from app.meetings.discussion.questions import MEETING_QUESTIONS
from app.meetings.discussion.rules import asked, missing_of
from app.meetings.discussion.types import Circumstances, Kind, Question, always, never

ALL = [*CHILD_QUESTIONS.values(), *MEETING_QUESTIONS.values()]


def keys(answers: dict[str, str] | None = None, **facts: bool) -> set[str]:
    return {question.key for question in asked(Circumstances(answers or {}, **facts))}


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.key)
def test_each_question_names_its_source(question: Question):
    assert question.source.split()[0] in {"BROMLEY", "TIMING", "IMAP", "HO2014"}


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.key)
def test_choices_have_options_and_nothing_else_has(question: Question):
    assert bool(question.options) is (question.kind is Kind.CHOICE)
    assert "" not in {option.value for option in question.options}


@pytest.mark.parametrize(
    "question",
    [one for one in CHILD_QUESTIONS.values() if one.protectable],
    ids=lambda one: one.key,
)
def test_what_was_typed_and_marked_never_stands_in_the_answer(question: Question):
    """Every reader of the record sees the answer; the reason alone can be withheld (F4)."""
    value = question.options[0].value if question.options else "Typed in"
    answers = {question.key: value, question.reason_key: "Typed in"}
    marked = replace(question, reason=always)
    said = decision_of(marked, Circumstances({**answers, question.protected_key: "address"}))
    assert said and said.reason and "Typed in" not in said.answer
    assert (said.reason.text, said.reason.protects) == ("Typed in", "address")
    assert "Typed in" in repr(decision_of(marked, Circumstances(answers)))


def test_no_key_stands_twice():
    listed = [question.key for group in CHILD_GROUPS for question in group.questions]
    assert len(listed) == len(set(listed))
    assert not any("." in key or "/" in key for key in listed)


@pytest.mark.parametrize(
    ("answers", "comes"),
    [
        ({"section_47": "started"}, {"enquiry", "social_care_lead", "interviews", "seen_alone"}),
        ({"section_47": "continued"}, {"enquiry", "interviews", "wishes", "interpreter"}),
        ({"section_47": "started", "enquiry": "joint"}, {"police_lead", "crime_plan"}),
        ({"crime": "under_way"}, {"police_lead", "crime_plan"}),
        ({"medical": "needed"}, {"medical_plan"}),
        ({"medical": "took_place"}, {"medical_plan"}),
        ({"section_47": "started", "seen_alone": "yes"}, {"seen_by", "seen_when"}),
        ({"family_told": "yes"}, {"family_what"}),
        ({"conference": "likely"}, {"quality_told"}),
        ({"conference": "required"}, {"quality_told"}),
        ({"in_hospital": "yes"}, {"discharge"}),
        ({"next_discussion": "planned"}, {"next_discussion_at"}),
        ({"section_47": "not_started"}, {"instead"}),
        ({"section_47": "started", "enquiry": "single"}, {"police_reason"}),
    ],
)
def test_an_answer_brings_its_questions(answers: dict[str, str], comes: set[str]):
    assert not comes & keys()
    assert comes <= keys(answers)


@pytest.mark.parametrize(
    ("answers", "stays_away"),
    [
        ({"section_47": "not_started"}, {"enquiry", "seen_alone", "interviews"}),
        ({"section_47": "started", "enquiry": "joint"}, {"police_reason", "instead"}),
        ({"section_47": "not_started", "enquiry": "single"}, {"police_reason"}),
        ({"section_47": "not_started", "enquiry": "joint"}, {"police_lead", "crime_plan"}),
        (
            {"harm": "no", "section_47": "not_started", "instead": "nothing"},
            {"protection", "legal_action", "conference", "assessment"},
        ),
        ({"section_47": "not_started", "instead": "help"}, {"assessment"}),
        ({"section_47": "started", "enquiry": "single"}, {"police_lead", "crime_plan"}),
        ({"medical": "not_needed"}, {"medical_plan"}),
        ({"section_47": "started", "seen_alone": "no"}, {"seen_by", "seen_when"}),
        ({"family_told": "no"}, {"family_what"}),
        ({"conference": "not_likely"}, {"quality_told"}),
    ],
)
def test_the_other_answer_does_not(answers: dict[str, str], stays_away: set[str]):
    assert not stays_away & keys(answers)


def test_what_was_said_before_it_ended_stays_in_sight():
    over = {"harm": "no", "section_47": "not_started", "instead": "nothing"}
    said = {"protection": "police_protection", "conference": "likely", "assessment": "10"}
    assert set(said) <= keys(over | said)
    # Harm is suspected and no enquiry is made: everything that protects is asked all the same.
    assert {"protection", "legal_action", "conference"} <= keys(over | {"harm": "yes"})


def test_an_unborn_child_is_not_seen_alone():
    assert not {"seen_alone", "wishes", "in_hospital", "discharge"} & keys(
        {"section_47": "started"}, unborn=True, in_hospital=True
    )


def test_the_referral_says_hospital_until_the_answer_does():
    assert "discharge" in keys(in_hospital=True)
    assert "discharge" not in keys({"in_hospital": "no"}, in_hospital=True)


@pytest.mark.parametrize(
    ("key", "value", "label"),
    [
        ("harm", "yes", "why"),
        ("section_47", "not_started", "rationale"),
        ("enquiry", "single", "why police are not investigating jointly"),
        ("medical", "not_needed", "why not"),
        ("seen_alone", "no", "inappropriate"),
        ("family_told", "no", "why not"),
        ("protection", "order_sought", "who does what by when"),
        ("legal_action", "yes", "who instructs"),
        ("interpreter", "yes", "language"),
    ],
)
def test_an_answer_that_needs_its_reason_waits_for_it(key: str, value: str, label: str):
    question = CHILD_QUESTIONS[key]
    lacking = missing_of(question, Circumstances({key: value}))
    assert lacking is not None
    assert lacking[0] == f"{key}.reason"
    assert label in lacking[1]
    reasoned = Circumstances({key: value, f"{key}.reason": "Because."})
    assert missing_of(question, reasoned) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("enquiry", "joint"), ("medical", "needed"), ("seen_alone", "yes"), ("protection", "none")],
)
def test_an_answer_that_speaks_for_itself_needs_no_reason(key: str, value: str):
    assert missing_of(CHILD_QUESTIONS[key], Circumstances({key: value})) is None


@pytest.mark.parametrize(
    "question",
    [question for question in CHILD_QUESTIONS.values() if question.required is not never],
    ids=lambda question: question.key,
)
def test_anything_may_be_left_undecided_with_a_reason(question: Question):
    open_ = Circumstances({}, in_hospital=True)
    assert missing_of(question, open_) is not None
    undecided = Circumstances({question.not_decided_key: "Police are still looking."}, False, True)
    assert missing_of(question, undecided) is None


@pytest.mark.parametrize(
    ("value", "fine"), [("1", True), ("45", True), ("46", False), ("0", False), ("soon", False)]
)
def test_the_assessment_takes_45_working_days_at_most(value: str, fine: bool):
    lacking = missing_of(CHILD_QUESTIONS["assessment"], Circumstances({"assessment": value}))
    assert (lacking is None) is fine


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("Saturday 21 November 2026 at 9:00 am", True),
        ("Saturday 21 November 2026", True),
        ("sometime", False),
        ("someday 2", False),
    ],
)
def test_a_moment_that_is_no_date_is_asked_again(value: str, fine: bool):
    lacking = missing_of(CHILD_QUESTIONS["seen_when"], Circumstances({"seen_when": value}))
    assert (lacking is None) is fine


def test_whatever_is_written_about_a_child_may_be_kept_from_some_readers():
    """An address slips into any sentence (F4)."""
    written = [
        question
        for question in CHILD_QUESTIONS.values()
        if question.kind in (Kind.TEXT, Kind.LINE) or question.reason is not never
    ]
    assert len(written) > 15
    assert [question.key for question in written if not question.protectable] == []
