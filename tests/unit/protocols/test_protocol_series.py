"""The lists that a protocol names: which day, and what each mistake is answered with (C10)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.protocols.loading import check_file, load_protocols
from app.protocols.problems import ProtocolError
from app.protocols.series import sitting_day, when_in_words
from app.protocols.telling import takes_in_words
from app.protocols.types import DomesticAbuseRisk, Every, Rating, Series, Weekday
from tests.unit.protocols.test_protocol_loading import GOOD, line, write

SERIES = """
[[series]]
id = "weekly-list"
name = "Weekly list"
every = "week"
day = "tuesday"
domestic_abuse = ["medium", "standard"]
source = "EXA 6"
reason = "Each Tuesday."
"""


def series(every: Every, day: Weekday | None = None) -> Series:
    risks = (DomesticAbuseRisk.MEDIUM,)
    return Series("x", "X", every, day, risks, (), "EXA 1", "Exampleshire", "Because.")


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 11, 20), date(2026, 11, 20)),  # a Friday
        (date(2026, 11, 21), date(2026, 11, 23)),  # the weekend belongs to Monday
        (date(2026, 12, 25), date(2026, 12, 29)),  # Friday, then the weekend, then Monday's day off
        (date(2029, 1, 6), date(2029, 1, 8)),  # past the published bank holidays
    ],
)
def test_a_daily_list_is_that_of_the_working_day(today: date, day: date) -> None:
    assert sitting_day(series(Every.WORKING_DAY), today) == day


@pytest.mark.parametrize(
    ("named", "day"),
    [(Weekday.TUESDAY, date(2026, 11, 17)), (None, date(2026, 11, 16))],
)
def test_a_weekly_list_is_one_for_each_week(named: Weekday | None, day: date) -> None:
    for today in (date(2026, 11, 16), date(2026, 11, 20), date(2026, 11, 22)):
        assert sitting_day(series(Every.WEEK, named), today) == day
    assert sitting_day(series(Every.WEEK, named), date(2026, 11, 23)) > day


def test_in_words() -> None:
    assert when_in_words(series(Every.WEEK, Weekday.TUESDAY)) == "Every week, on Tuesday"
    assert when_in_words(series(Every.WEEK)) == "Every week"


@pytest.mark.parametrize(
    ("protocol", "cited", "when", "takes"),
    [
        # DERBY 1.3: weekly triage meetings looking at medium risk domestic abuse incidents
        ("derby", "DERBY 1.3", "Every week", "Domestic abuse cases of medium risk"),
        # IMAP 5: medium and lower, at a daily IMAP information sharing meeting
        (
            "north-lincolnshire",
            "IMAP 5",
            "Every working day",
            "Domestic abuse cases of medium or standard risk",
        ),
        # HO2014 Bury: daily meetings to discuss all high (red) and medium (amber) risk referrals
        (
            "bury",
            "HO2014, case study Bury",
            "Every working day",
            "Referrals rated red or amber that are not decided yet",
        ),
    ],
)
def test_the_lists_that_are_shipped(protocol: str, cited: str, when: str, takes: str) -> None:
    (one,) = load_protocols()[protocol].series
    assert (one.source, when_in_words(one), takes_in_words(one)) == (cited, when, takes)
    assert one.document


def test_a_council_writes_its_own(tmp_path: Path) -> None:
    (own,) = check_file(write(tmp_path, GOOD + SERIES)).series
    assert own.day is Weekday.TUESDAY
    assert own.domestic_abuse == (DomesticAbuseRisk.MEDIUM, DomesticAbuseRisk.STANDARD)
    assert own.document == "Exampleshire, Strategy discussions (2026)"
    rated = SERIES.replace('domestic_abuse = ["medium", "standard"]', 'ratings = ["red"]')
    (own,) = check_file(write(tmp_path, GOOD + rated)).series
    assert own.ratings == (Rating.RED,)


@pytest.mark.parametrize(
    ("change", "to", "at", "reason"),
    [
        ('every = "week"', 'every = "fortnight"', "every =", 'unknown repetition "fortnight"'),
        ('every = "week"', 'every = "working_day"', "day = ", "remove it"),
        ('day = "tuesday"', 'day = "sunday"', "day = ", 'unknown day "sunday"'),
        ('"medium"', '"mild"', "domestic_abuse =", 'unknown domestic abuse risk "mild"'),
        ('domestic_abuse = ["medium", "standard"]\n', "", "[[series]]", "give either"),
        ("source =", 'ratings = ["red"]\nsource =', "[[series]]", "give either"),
        (
            'domestic_abuse = ["medium", "standard"]',
            'ratings = ["blue"]',
            'ratings = ["blue"]',
            "not among the ratings",
        ),
        ('source = "EXA 6"\n', "", "[[series]]", 'series "weekly-list" has no source'),
        ('name = "Weekly list"\n', "", "[[series]]", '"name" is missing'),
        ('day = "tuesday"', 'hour = "ten"', "hour =", 'unknown key "hour"'),
        ("[[series]]", "[series]", "[series]", "begin it with [[series]]"),
    ],
)
def test_each_mistake_is_told_with_its_line(
    tmp_path: Path, change: str, to: str, at: str, reason: str
) -> None:
    text = GOOD + SERIES.replace(change, to, 1)
    with pytest.raises(ProtocolError) as refused:
        check_file(write(tmp_path, text))
    first = refused.value.problems[0]
    place = text.index("[series]" if to == "[series]" else "[[series]]")
    assert first.line == line(text[:place] + text[place:].replace(at, "\0", 1), "\0")
    assert reason in first.reason


def test_two_of_one_id(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match='series id "weekly-list" is used twice'):
        check_file(write(tmp_path, GOOD + SERIES + SERIES))
