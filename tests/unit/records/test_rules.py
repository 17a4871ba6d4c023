"""Who signs, who gets a copy, how far it has come, what a check says: without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.refusal import Refused
from app.meetings.discussion.types import Missing
from app.meetings.types import Attendance, MeetingState
from app.outbox.types import MessageState
from app.records import rules
from app.records.rules import Progress
from app.records.types import Found, Incomplete, Step, Verdict
from tests.clock import FRIDAY
from tests.unit.records import contents
from tests.unit.records.invited import PERSON


def test_the_chair_signs_as_chair_and_needs_no_reason() -> None:
    signing = rules.signing_as(7, "Helen Marsh", 7, "Helen Marsh", "")
    assert (signing.role, signing.signed_for) == (rules.CHAIR, "")


def test_where_nobody_was_named_as_chair_the_signer_is() -> None:
    assert rules.signing_as(7, "Helen Marsh", None, "", "").role == rules.CHAIR


def test_another_manager_gives_the_reason() -> None:
    with pytest.raises(Refused) as refusal:
        rules.signing_as(8, "Robin Lee", 7, "Helen Marsh", " \n")
    assert refusal.value.field == "absence_reason"
    signing = rules.signing_as(8, "Robin Lee", 7, "Helen Marsh", " On leave ")
    assert (signing.signed_for, signing.absence_reason) == ("Helen Marsh", "On leave")


@pytest.mark.parametrize(
    "state", [state for state in MeetingState if state is not MeetingState.ENDED]
)
def test_only_an_ended_discussion_is_signed(state: MeetingState) -> None:
    with pytest.raises(Refused):
        rules.check_signable(state, [])


def test_what_is_missing_comes_with_the_refusal() -> None:
    lacking = [Missing("Say by when", "action-3")]
    with pytest.raises(Incomplete) as refusal:
        rules.check_signable(MeetingState.ENDED, lacking)
    assert refusal.value.missing == tuple(lacking)
    rules.check_signable(MeetingState.ENDED, [])


@pytest.mark.parametrize("attendance", [None, *Attendance])
def test_everybody_invited_gets_a_copy_there_or_not(attendance: Attendance | None) -> None:
    getting, without = rules.recipients([replace(PERSON, attendance=attendance)])
    assert [one.id for one in getting] == [1]
    assert without == ()


def test_nobody_who_was_removed_gets_one() -> None:
    getting, without = rules.recipients([replace(PERSON, removed=True)])
    assert getting == ()
    assert without[0].name == PERSON.name


@pytest.mark.parametrize(
    ("attended", "ids"),
    [(None, [2]), (Attendance.ABSENT, [2]), (Attendance.JOINED_LATE, [1, 2])],
)
def test_a_deputy_stands_in_unless_the_invited_came_after_all(
    attended: Attendance | None, ids: list[int]
) -> None:
    deputy = replace(PERSON, id=2, name="Sam Okafor", deputy_for=1)
    getting, without = rules.recipients([replace(PERSON, attendance=attended), deputy])
    assert [one.id for one in getting] == ids
    assert len(without) == 2 - len(ids)


def test_whoever_has_an_earlier_version_gets_the_one_that_puts_it_right() -> None:
    deputy = replace(PERSON, id=2, deputy_for=1)
    absent = replace(PERSON, attendance=Attendance.ABSENT)
    getting, without = rules.recipients([absent, deputy], had={1})
    assert ([one.id for one in getting], without) == ([1, 2], ())
    getting, _ = rules.recipients([replace(absent, removed=True)], had={1})
    assert getting == ()


def test_when_the_deputy_is_removed_the_invited_gets_it_again() -> None:
    deputy = replace(PERSON, id=2, deputy_for=1, removed=True)
    getting, _ = rules.recipients([replace(PERSON, attendance=None), deputy])
    assert [one.id for one in getting] == [1]


def test_the_list_follows_deputies_of_deputies_to_who_gets_the_copy() -> None:
    absent = replace(PERSON, attendance=Attendance.ABSENT)
    bea = replace(absent, id=2, name="Bea Low", deputy_for=1)
    cy = replace(PERSON, id=3, name="Cy Moe", deputy_for=2, attendance=Attendance.BY_PHONE)
    getting, without = rules.recipients([absent, bea, cy])
    assert [one.name for one in getting] == ["Cy Moe"]
    assert {one.why for one in without} == {"Cy Moe came instead and gets the copy"}
    # Who did not come either is not said to have come.
    _, without = rules.recipients([absent, bea])
    assert without[0].why == "Bea Low was invited instead and gets the copy"
    _, without = rules.recipients([absent, bea, replace(cy, has_left=True)])
    assert without[0].why == "Cy Moe came instead and has left the council"
    # A deputy who came in between has it, and so has one with an earlier version.
    _, without = rules.recipients([absent, replace(bea, attendance=Attendance.IN_PERSON), cy])
    assert [one.why for one in without] == ["Bea Low came instead and gets the copy"]
    getting, _ = rules.recipients([absent, bea, cy], had={1})
    assert [one.id for one in getting] == [1, 3]


@pytest.mark.parametrize(
    ("withheld", "checked", "has_address", "field"),
    [
        ({}, False, True, "checked"),
        ({1: " "}, True, True, "reason_1"),
        ({}, True, False, "withhold_1"),
    ],
)
def test_release_is_refused_by_the_field(
    withheld: dict[int, str], checked: bool, has_address: bool, field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        rules.check_release([replace(PERSON, has_address=has_address)], withheld, checked=checked)
    assert refusal.value.field == field


def test_release_takes_a_reason_in_place_of_an_address() -> None:
    rules.check_release([replace(PERSON, has_address=False)], {1: "By hand"}, checked=True)


NOTHING = Progress(False, None, None, None, None, None)
QUEUED = replace(NOTHING, queued_at=FRIDAY, message_state=MessageState.QUEUED)


@pytest.mark.parametrize(
    ("progress", "step"),
    [
        (NOTHING, Step.WAITING),
        (replace(NOTHING, withheld=True), Step.WITHHELD),
        (QUEUED, Step.QUEUED),
        (replace(QUEUED, message_state=MessageState.SENDING), Step.QUEUED),
        (replace(QUEUED, message_state=MessageState.SENT), Step.SENT),
        (replace(QUEUED, message_state=MessageState.BOUNCED), Step.FAILED),
        (replace(QUEUED, message_state=MessageState.DEAD), Step.FAILED),
        (replace(QUEUED, message_state=MessageState.REFUSED), Step.FAILED),
        (replace(QUEUED, message_state=MessageState.WITHDRAWN), Step.FAILED),
        (replace(QUEUED, message_state=MessageState.BOUNCED, opened_at=FRIDAY), Step.OPENED),
        (replace(QUEUED, opened_at=FRIDAY, downloaded_at=FRIDAY), Step.DOWNLOADED),
        (replace(QUEUED, opened_at=FRIDAY, acknowledged_at=FRIDAY), Step.ACKNOWLEDGED),
        (replace(QUEUED, withheld=True, opened_at=FRIDAY), Step.WITHHELD),
    ],
)
def test_how_far_a_copy_has_come(progress: Progress, step: Step) -> None:
    assert rules.step_of(progress) is step


@pytest.mark.parametrize(
    ("steps", "sent"),
    [
        ([], False),
        ([Step.WITHHELD], False),
        ([Step.SENT, Step.WITHHELD], True),
        ([Step.SENT, Step.ACKNOWLEDGED, Step.OPENED], True),
        ([Step.SENT, Step.QUEUED], False),
        ([Step.SENT, Step.FAILED], False),
        ([Step.WAITING], False),
    ],
)
def test_all_sent(steps: list[Step], sent: bool) -> None:
    assert rules.all_sent(steps) is sent


def test_the_mark_of_what_was_seen_moves_with_the_words_alone() -> None:
    record = contents.full_record()
    mark = rules.seen_digest(record)
    signed = replace(record.sign_off, signed_at=record.sign_off.signed_at + timedelta(hours=1))
    assert rules.seen_digest(replace(record, clocks=(), sign_off=signed)) == mark
    assert rules.seen_digest(replace(record, actions=record.actions[1:])) != mark
    assert rules.seen_digest(replace(record, version=2)) != mark
    assert rules.body_digest(replace(record, version=2)) == rules.body_digest(record)


def test_the_statement_names_what_is_signed() -> None:
    signing = rules.signing_as(8, "Robin Lee", 7, "Helen Marsh", "On leave")
    words = rules.statement_words("SD-1", 2, signing, "Friday 20 November 2026", 1, 3)
    for part in ("Robin Lee", "SD-1", "version 2", "Helen Marsh", "1 child", "3 actions", "final"):
        assert part in words


@pytest.mark.parametrize("found", Found)
def test_each_answer_of_a_check_has_words(found: Found) -> None:
    verdict = Verdict(found, "SD-1", 1, 2, FRIDAY, FRIDAY, "a" * 64)
    heading, lines = rules.verdict_words(verdict)
    assert heading and all(lines)
    genuine = (Found.GENUINE, Found.SUPERSEDED, Found.RECALLED)
    assert verdict.genuine is (found in genuine)
    assert ("SD-1" in " ".join(lines)) is verdict.genuine
