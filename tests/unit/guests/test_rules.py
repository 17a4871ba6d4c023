"""What an invited person may see and do: no database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.directory.types import AgencyKind
from app.guests.forms import digits
from app.guests.guide import joining_guide, what_to_bring
from app.guests.page import choices_for, dial_in_of, said_words, stage_words, when_words
from app.guests.rules import becomes_attendance, told, what_is_open
from app.guests.types import ChildSeen, MeetingSeen, OwnAnswer, Told
from app.meetings.rules import takes_part_as
from app.meetings.types import Answer, Format, MeetingState, TakenBack

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before the clocks go forward


def meeting(**changes: object) -> MeetingSeen:
    values: dict[str, object] = {
        "ref": "SD-7K3M-9QXA",
        "state": MeetingState.BOOKED,
        "format": Format.CALL,
        "starts_at": START,
        "ends_at": START,
        "place": None,
        "telephone": "0808 157 0100",
        "pin": "123456",
        "typed_dial_in": None,
        "signed_at": None,
        "at_once": False,
        "children": (),
        "told": Told((), ""),
    }
    return MeetingSeen(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", MeetingState)
def test_what_is_open_by_stage(state: MeetingState) -> None:
    found = what_is_open(state)
    before = state in (MeetingState.BOOKED, MeetingState.UNDER_WAY)
    held = state in (MeetingState.UNDER_WAY, MeetingState.ENDED, MeetingState.SIGNED)
    assert found.answer is found.report is found.case is found.dial_in is before
    assert found.dissent is held


@pytest.mark.parametrize("kind", AgencyKind)
def test_free_text_of_the_manager_is_for_those_who_may_read_all(kind: AgencyKind) -> None:
    found = told(kind, ["neglect", "missing"], "The GP says ...")
    assert found.concerns == ("Neglect", "Missing from home or care")
    assert bool(found.reason) is (kind is AgencyKind.SOCIAL_CARE)


def test_a_concern_of_a_later_version_still_shows() -> None:
    assert told(AgencyKind.POLICE, ["new_kind"], "").concerns == ("New kind",)


def test_the_button_means_what_the_format_allows() -> None:
    assert takes_part_as(Format.CALL) is Answer.DIAL_IN
    assert takes_part_as(Format.MEETING) is Answer.ATTEND
    assert takes_part_as(Format.HOSPITAL) is Answer.ATTEND


@pytest.mark.parametrize(
    ("said", "state", "named", "expected"),
    [
        (Answer.NONE, MeetingState.BOOKED, False, True),
        (Answer.NONE, MeetingState.BOOKED, True, False),
        (Answer.DIAL_IN, MeetingState.BOOKED, True, True),
        (Answer.ATTEND, MeetingState.UNDER_WAY, True, True),
        (Answer.DECLINED, MeetingState.BOOKED, True, False),
        (Answer.DIAL_IN, MeetingState.SIGNED, False, False),
        (Answer.NONE, MeetingState.ENDED, False, False),
    ],
)
def test_who_becomes_the_attendance(
    said: Answer, state: MeetingState, named: bool, expected: bool
) -> None:
    assert becomes_attendance(said, state, named) is expected


@pytest.mark.parametrize("kind", AgencyKind)
def test_every_kind_of_agency_knows_what_to_bring(kind: AgencyKind) -> None:
    lines = what_to_bring(kind)
    assert len(lines) == len(set(lines)) >= 6


def test_only_decision_makers_are_asked_to_decide() -> None:
    givers = {chapter.title: chapter.lines for chapter in joining_guide(decision_maker=False)}
    makers = {chapter.title: chapter.lines for chapter in joining_guide(decision_maker=True)}
    assert "To make decisions" in givers["What you will not be asked"]
    assert "To make decisions" not in makers["What you will not be asked"]
    assert any("decide for your agency" in line for line in makers["What you will be asked"])
    assert not any("decide" in line for line in givers["What you will be asked"])


def test_the_number_is_dialled_with_and_without_the_pin() -> None:
    found = dial_in_of(meeting())
    assert found is not None
    assert found.tel == "tel:+448081570100"
    assert found.tel_with_pin == "tel:+448081570100,,123456%23"


@pytest.mark.parametrize("pin", ["12a4", "#1", "१२३", "1;phone-context=x"])
def test_a_strange_pin_is_shown_and_not_dialled(pin: str) -> None:
    found = dial_in_of(meeting(pin=pin))
    assert found is not None
    assert (found.pin, found.tel_with_pin) == (pin, "")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("020 7946 0166, PIN 482913", ("020 7946 0166", "482913", "tel:+442079460166", "")),
        ("+44 20 7946 0166", ("+44 20 7946 0166", "", "tel:+442079460166", "")),
        # As it may be typed when a discussion is started at once.
        (
            "Ring 01632 960555, code 9",
            ("", "", "tel:+441632960555", "Ring 01632 960555, code 9"),
        ),
        ("Ring the ward on 12", ("", "", "", "Ring the ward on 12")),
    ],
)
def test_a_typed_dial_in_is_one_tap_without_its_pin(
    typed: str, shown: tuple[str, str, str, str]
) -> None:
    found = dial_in_of(meeting(typed_dial_in=typed))
    assert found is not None and found.tel_with_pin == ""
    assert (found.telephone, found.pin, found.tel, found.words) == shown


def test_a_typed_dial_in_stands_as_it_was_typed() -> None:
    found = dial_in_of(meeting(typed_dial_in="Ring the ward", telephone="0808 157 0100"))
    assert found is not None
    assert (found.words, found.pin, found.telephone) == ("Ring the ward", "", "")
    assert dial_in_of(meeting(telephone=None)) is None


def test_times_are_told_in_london() -> None:
    later = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert when_words(START, later) == "Sunday 29 March 2026, 12:30 am to 2:30 am"
    assert when_words(None, None) == "The time is not fixed yet"


def test_what_fits_the_format_comes_first() -> None:
    assert [one.value for one in choices_for(meeting(), Answer.NONE)] == [
        "dial_in", "attend",
    ]  # fmt: skip
    there = choices_for(meeting(format=Format.MEETING, place="Room 2"), Answer.ATTEND)
    assert [one.value for one in there] == ["attend", "dial_in"]
    assert there[0].chosen and there[0].hint == "Room 2"


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_has_its_words(answer: Answer) -> None:
    words = said_words(OwnAnswer(answer, START, "", False, AgencyKind.POLICE))
    assert bool(words) is (answer is not Answer.NONE)


def test_children_by_birth_or_due_date() -> None:
    assert ChildSeen("A", date(2019, 3, 7), None).when == "born 7 March 2019"
    assert ChildSeen("Unborn", None, date(2027, 1, 2)).when == "due 2 January 2027"
    assert ChildSeen("B", None, None).when == "date of birth not known"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("123 456", "123456"), ("123-456\n", "123456"), ("123 456", "123456"), ("12a", "12a"),
     (None, "")],
)  # fmt: skip
def test_codes_as_people_paste_them(typed: str | None, kept: str) -> None:
    assert digits(typed) == kept


def test_a_record_under_correction_is_not_said_to_be_unsigned():
    ended = meeting(state=MeetingState.ENDED)
    assert stage_words(ended).endswith("is not signed yet.")
    correcting = meeting(state=MeetingState.ENDED, signed_at=START)
    assert stage_words(correcting).endswith("was signed and is being corrected.")
    assert stage_words(meeting(state=MeetingState.SIGNED, signed_at=START)).endswith("is signed.")
    assert stage_words(meeting()) == ""


def test_a_recalled_record_or_one_without_a_copy_is_not_told_as_if_it_were_there():
    signed = meeting(state=MeetingState.SIGNED, signed_at=START)
    waits = stage_words(signed, readable=False, recalled=TakenBack.WAITS)
    assert "recalled: delete your copy" in waits and waits.endswith("A corrected one follows.")
    closed = stage_words(signed, readable=False, recalled=TakenBack.CLOSED)
    assert "recalled" in closed and "follows" not in closed
    assert "no copy for you to read here" in stage_words(signed, readable=False)
