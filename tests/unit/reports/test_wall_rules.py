"""The wall: late on top, short words, never more than there is room for (G2)."""

from __future__ import annotations

from datetime import timedelta

from app.directory.types import AgencyKind
from app.referrals.types import Rating
from app.reports.wall import rules
from app.reports.wall.types import Awaited, Counted, Screen, Stage, Standing
from tests.clock import FRIDAY


def case(ref: str, minutes: int | None, stage: Stage = Stage.DECIDE) -> Standing:
    due = None if minutes is None else FRIDAY + timedelta(minutes=minutes)
    return Standing(ref, Rating.AMBER, stage, due)


def test_late_first_then_next_due_then_without_a_date() -> None:
    cases = [case("C", 90), case("N", None), case("L", -70), case("D", 600)]
    shown = rules.board(Screen.TRIAGE, cases, [Counted(Rating.AMBER, 4, 1)], FRIDAY)
    assert [(one.ref, one.state, one.left) for one in shown.lines] == [
        ("L", "late", "1 h 10 min late"),
        ("C", "soon", "in 1 h 30 min"),
        ("D", "calm", "in 10 h 0 min"),
        ("N", "calm", ""),
    ]
    assert (shown.late, shown.more) == (1, 0)


def test_what_there_is_no_room_for_stands_on_the_next_page() -> None:
    cases = [case(f"R{number:02}", -60 + number) for number in range(14)]
    counted = [Counted(Rating.AMBER, 16, 15)]
    shown = [rules.board(Screen.TRIAGE, cases, counted, FRIDAY, page=page) for page in (0, 1, 2, 3)]
    assert [(one.page, one.pages, one.following) for one in shown] == [
        (1, 2, 2), (1, 2, 2), (2, 2, 1), (2, 2, 1),
    ]  # fmt: skip
    refs = [line.ref for board in shown[1:3] for line in board.lines]
    assert refs == [one.ref for one in cases]
    assert (shown[0].more, shown[0].late, len(shown[0].lines)) == (2, 15, rules.ROOM)


def test_at_risk_now_on_top_then_late_then_soon_and_in_each_the_gravest_first() -> None:
    def rated(ref: str, rating: Rating | None, minutes: int, risk: bool = False) -> Standing:
        return Standing(ref, rating, Stage.DECIDE, FRIDAY + timedelta(minutes=minutes), (), risk)

    cases = [
        rated("green late", Rating.GREEN, -300), rated("amber late", Rating.AMBER, -200),
        rated("red late", Rating.RED, -5), rated("red calm", Rating.RED, 600),
        rated("blue soon", Rating.BLUE, 5), rated("none soon", None, 60),
        rated("amber soon", Rating.AMBER, 10), rated("risk", None, 1200, True),
    ]  # fmt: skip
    counted = [Counted(Rating.RED, 2, 1), Counted(None, 1, 0), Counted(None, 1, 0)]
    counted += [Counted(Rating.AMBER, 2, 1)]
    shown = rules.board(Screen.TRIAGE, cases, counted, FRIDAY)
    assert [one.ref for one in shown.lines] == [
        "risk", "red late", "amber late", "green late", "none soon", "amber soon", "blue soon",
        "red calm",
    ]  # fmt: skip
    assert shown.ratings == (("Red", 2), ("Amber", 2), ("Not rated", 2))


def test_today_by_its_time_another_day_by_its_date() -> None:
    assert rules.line(case("R", 60), FRIDAY).due == "5:45 pm"
    assert rules.line(case("R", -3 * 24 * 60), FRIDAY).due == "Tue 17, 4:45 pm"
    assert rules.line(case("R", -(24 * 60 + 61)), FRIDAY).left == "1 day 1 h late"
    assert rules.line(case("R", None), FRIDAY).due == "No date"


def test_a_booked_discussion_whose_time_has_passed_has_not_begun() -> None:
    shown = [rules.line(case("R", minutes, Stage.BOOKED), FRIDAY) for minutes in (5, 0, -20)]
    assert [(one.stage, one.state) for one in shown] == [
        ("Booked", "soon"), ("Booked", "soon"), ("Not begun", "late"),
    ]  # fmt: skip


def test_one_booked_for_after_its_deadline_is_late_once_that_has_passed() -> None:
    """G2 "how late": no calm line at the bottom while the limit is two days ago."""

    def booked(ref: str, deadline: int, start: int) -> Standing:
        due, at = (FRIDAY + timedelta(minutes=one) for one in (deadline, start))
        return Standing(ref, None, Stage.BOOKED, due, booked_for=at)

    day = 24 * 60
    cases = [
        booked("in time", 90, 90), booked("past", -2 * day, day + 60), booked("ahead", 300, 360),
        booked("soon", 60, day), booked("not begun", -day, -60),
    ]  # fmt: skip
    shown = rules.board(Screen.DISCUSSIONS, cases, [Counted(None, 5, 2)], FRIDAY).lines
    assert [(one.ref, one.stage, one.state, one.due, one.left) for one in shown] == [
        ("past", "Booked late", "late", "Sat 21, 5:45 pm", "2 days 0 h late"),
        ("not begun", "Not begun", "late", "3:45 pm", "1 day 0 h late"),
        ("soon", "Booked late", "soon", "Sat 21, 4:45 pm", "in 1 day 0 h"),
        ("in time", "Booked", "soon", "6:15 pm", "in 1 h 30 min"),
        ("ahead", "Booked late", "calm", "10:45 pm", "in 6 h 0 min"),
    ]


def test_a_discussion_under_way_is_now_and_never_late() -> None:
    line = rules.line(case("R", -30, Stage.UNDER_WAY), FRIDAY)
    assert (line.state, line.left, line.stage) == ("soon", "now", "Under way")


def awaited(*asked: tuple[AgencyKind, int | None]) -> list[tuple[str, bool]]:
    """What a line says of agencies that are to answer so many minutes from now."""
    given = tuple(
        Awaited(kind, None if minutes is None else FRIDAY + timedelta(minutes=minutes))
        for kind, minutes in asked
    )
    standing = Standing("R", None, Stage.RATE, FRIDAY, given)
    return [tuple(one) for one in rules.line(standing, FRIDAY).awaited]


def test_each_kind_of_agency_once() -> None:
    health, police = AgencyKind.HEALTH, AgencyKind.POLICE
    assert awaited((health, None), (police, None), (health, None)) == [("Health, Police", False)]
    assert awaited() == []
    five = [(kind, 60) for kind in AgencyKind][:5]
    assert awaited(*five) == [("Social care, Police, Health and 2 more", False)]


def test_agencies_that_are_late_come_first_and_say_how_late() -> None:
    """HO2014 Nottinghamshire: "whether partners are replying within required time frames"."""
    health, police, housing = AgencyKind.HEALTH, AgencyKind.POLICE, AgencyKind.HOUSING
    assert awaited((housing, 30), (health, 0), (health, -130)) == [
        ("Health 2 h late", True), ("Housing", False),
    ]  # fmt: skip
    assert awaited((police, -5), (health, 0), (health, -3000), (police, 90)) == [
        ("Health 2 days late", True), ("Police 5 min late", True),
    ]  # fmt: skip
    assert awaited((housing, 30), (health, -1), (police, -61)) == [
        ("Police 1 h late", True), ("and 2 more, 1 late", True),
    ]  # fmt: skip
    assert awaited((housing, 30), (health, 0), (police, -61)) == [
        ("Police 1 h late", True), ("and 2 more", False),
    ]  # fmt: skip


def test_a_display_is_noted_once_a_minute() -> None:
    assert rules.needs_sight(FRIDAY, None)
    assert rules.needs_sight(FRIDAY, FRIDAY - timedelta(minutes=1))
    assert not rules.needs_sight(FRIDAY, FRIDAY - timedelta(seconds=59))
    assert rules.seen_in_words(FRIDAY, None) == "never"
    assert rules.seen_in_words(FRIDAY, FRIDAY - timedelta(minutes=3)) == "3 minutes ago"
