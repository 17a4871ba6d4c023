"""What people type into the shared fields, and what they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.web.choices import RadioField
from app.web.forms import DateParts, Line, LocalMoment, Passage, Required, parse_time


class Sample(Form):
    channel = RadioField(
        "How it came", choices=[("phone", "Phone")], validators=[Required("Choose how it came in")]
    )
    name = Line("Name", validators=[Required("Enter a name")])
    story = Passage("What happened", length=20)
    born = DateParts("Date of birth")
    received = LocalMoment("When it came in")


def filled(**typed: str) -> Sample:
    form = Sample(MultiDict({name.replace("__", "-"): value for name, value in typed.items()}))
    form.validate()
    return form


def test_a_choice_not_made_says_what_to_do():
    assert list(filled(name="A").channel.errors) == ["Choose how it came in"]


def test_a_choice_that_is_not_offered_is_refused():
    assert filled(channel="carrier pigeon").channel.errors


def test_blanks_are_nothing():
    assert list(filled(name="   ").name.errors) == ["Enter a name"]


def test_control_characters_and_line_breaks_do_not_survive_in_a_line():
    assert filled(name="Ann\r\nBcc: x\x00\u2028y").name.data == "Ann Bcc: xy"


def test_a_passage_keeps_its_lines_and_says_how_much_is_too_much():
    assert filled(story="one\r\ntwo").story.data == "one\ntwo"
    assert "20 characters" in filled(story="x" * 21).story.errors[0]


@pytest.mark.parametrize(
    ("day", "month", "year", "expected"),
    [
        ("27", "3", "2019", date(2019, 3, 27)),
        ("27", "March", "19", date(2019, 3, 27)),
        ("1", "jan", "98", date(1998, 1, 1)),
    ],
)
def test_dates_as_people_type_them(day, month, year, expected):
    form = filled(born__day=day, born__month=month, born__year=year)
    assert form.born.data == expected
    assert not form.born.errors


@pytest.mark.parametrize(
    "parts",
    [("31", "2", "2019"), ("x", "3", "2019"), ("1", "", ""), ("1", "1", "9" * 20)],
)
def test_an_impossible_date_is_kept_as_typed_and_refused(parts):
    day, month, year = parts
    form = filled(born__day=day, born__month=month, born__year=year)
    assert form.born.data is None
    assert form.born.parts == parts
    assert "must be a real date" in form.born.errors[0]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("16:45", time(16, 45)),
        ("1645", time(16, 45)),
        ("4.45pm", time(16, 45)),
        ("4 pm", time(16)),
        ("12 am", time(0)),
        ("midday", time(12)),
        ("25:00", None),
        ("13 pm", None),
        ("soon", None),
    ],
)
def test_times_as_people_type_them(typed, expected):
    assert parse_time(typed) == expected


def test_a_local_moment_is_utc_inside_and_summer_time_counts():
    form = filled(received__day="1", received__month="7", received__year="2026",
                  received__time="9:00")  # fmt: skip
    assert form.received.data == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def test_a_date_without_a_time_asks_for_both():
    form = filled(received__day="1", received__month="7", received__year="2026")
    assert "a date and a time" in form.received.errors[0]


def received(day: str, month: str, at: str) -> LocalMoment:
    return filled(received__day=day, received__month=month, received__year="2026",
                  received__time=at).received  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "hour"), [("01:30 BST", 0), ("1:30 am bst", 0), ("1.30am GMT", 1), ("0130gmt", 1)]
)
def test_the_hour_that_comes_twice_is_told_apart(typed, hour):
    field = received("25", "10", typed)
    assert not field.errors
    assert field.data == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_the_hour_that_comes_twice_asks_which_and_keeps_what_was_typed():
    field = received("25", "10", "1:30 am")
    assert field.data is None
    assert "enter 01:30 BST for the first time or 01:30 GMT for the second" in field.errors[0]
    assert (*field.parts, field.typed_time) == ("25", "10", "2026", "1:30 am")


def test_the_hour_that_is_left_out_is_refused_and_kept():
    field = received("29", "3", "1:30")
    assert field.data is None
    assert "Clocks go forward that night and never show 01:30" in field.errors[0]
    assert (*field.parts, field.typed_time) == ("29", "3", "2026", "1:30")


def test_the_other_zone_is_refused_and_its_own_understood():
    assert "Clocks show BST then: leave GMT out" in received("1", "7", "9:00 GMT").errors[0]
    assert received("1", "7", "9:00 BST").data == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "shown"), [(0, "01:30 BST"), (1, "01:30 GMT"), (2, "02:30")])
def test_a_moment_in_the_hour_that_comes_twice_comes_back_as_itself(hour, shown):
    moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    field = Sample(data={"received": moment}).received
    assert field.typed_time == shown
    assert received("25", "10", field.typed_time).data == moment
