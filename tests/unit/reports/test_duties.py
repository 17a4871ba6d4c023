"""What waits for whom beside cases (G1, G6, H2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.accounts.types import Role
from app.cli.backup import SUBJECT, TAKEN
from app.meetings.received.types import NotRead
from app.reports.duties.queries import BACKUP_TAKEN
from app.reports.duties.rules import in_order, of_census, of_installation, of_quality
from app.reports.duties.types import Installation, Quality
from app.reports.quality.periods import month

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WELL = Installation(
    worker_seen=NOW - timedelta(seconds=20),
    mail_held=None,
    mail_oldest=NOW - timedelta(minutes=1),
    mail_failed=0,
    mailbox=None,
    notice_oldest=NOW - timedelta(minutes=1),
    views_oldest=NOW - timedelta(seconds=30),
    backup=NOW - timedelta(hours=10),
    backup_problems=0,
    paused=0,
)
DONE = Quality(0, None, undrawn=(), to_review=0, samples_open=0, oldest_open=None, report_made=True)
AUGUST, OCTOBER = month(2026, 8), month(2026, 10)
HREFS = {name: f"/{name}" for name in ("near_misses", "samples", "sample", "report")}


def words(**changes: object) -> list[str]:
    return [one.words for one in of_installation(replace(WELL, **changes), NOW, "/staff")]


def test_nothing_waits_where_all_is_well() -> None:
    assert words() == []


def test_each_thing_that_is_wrong_is_said() -> None:
    hour = NOW - timedelta(hours=1)
    assert words(worker_seen=None) == ["The worker does not run"]
    assert words(worker_seen=hour) == ["The worker does not run"]
    assert words(mail_oldest=hour) == ["Mail does not leave"]
    assert words(mail_held=hour, mail_oldest=hour) == ["Mail is held since a backup was restored"]
    assert words(mailbox=NotRead(hour, None, "It does not answer.")) == [
        "Answers by mail are not read"
    ]
    assert words(mailbox=NotRead(NOW - timedelta(minutes=9), hour, "Busy.")) == []
    assert words(mail_failed=3) == ["Letters did not arrive"]
    assert words(notice_oldest=hour) == ["The quality service is not told of a conference"]
    assert words(views_oldest=hour) == ["Views of cases are not bound into the audit"]
    assert words(backup=None) == ["No backup was ever taken"]
    assert words(backup=NOW - timedelta(days=2)) == ["The last backup is old"]
    assert words(backup_problems=2) == ["The database or the audit is not whole"]
    assert words(paused=1) == ["Accounts are paused"]


def quality(role: Role, at: datetime = NOW, **changes: object) -> list[str]:
    held = replace(DONE, **changes)
    return [one.words for one in in_order(of_quality(held, [role], at, HREFS))]


def test_the_sample_is_drawn_then_reviewed() -> None:
    assert quality(Role.ANALYST, undrawn=(OCTOBER,)) == [
        "Draw the sample of October 2026 for case audit"
    ]
    waits = {"to_review": 3, "samples_open": 1, "oldest_open": OCTOBER}
    assert quality(Role.CHAIR, **waits) == ["Review the cases of the sample of October 2026"]
    assert quality(Role.ANALYST, **waits) == []


def test_what_was_missed_in_earlier_months_is_late_and_not_lost() -> None:
    held = replace(DONE, undrawn=(OCTOBER, AUGUST), to_review=5, samples_open=2, oldest_open=AUGUST)
    draw, review = in_order(of_quality(held, [Role.CHAIR], NOW, HREFS))
    assert (draw.words, draw.state) == ("Draw the sample of August 2026 for case audit", "late")
    assert draw.details == "Two cases of each outcome, at random. 2 months wait."
    assert draw.due_at == datetime(2026, 9, 11, 22, 59, tzinfo=UTC)
    assert (review.words, review.state) == (
        "Review the cases of the sample of August 2026", "late",
    )  # fmt: skip
    assert review.details.startswith("5 cases of 2 samples to review")
    assert review.due_at == datetime(2026, 9, 30, 22, 59, tzinfo=UTC)


def test_the_report_is_the_analysts() -> None:
    assert quality(Role.ANALYST, report_made=False) == ["Make the report to the board"]
    assert quality(Role.CHAIR, report_made=False) == []


def test_near_misses_wait_for_who_reviews_them() -> None:
    old = NOW - timedelta(days=15)
    for role in (Role.CHAIR, Role.SYSTEM):
        [one] = of_quality(replace(DONE, near_misses=1, near_miss_oldest=old), [role], NOW, HREFS)
        assert one.state == "late"
        assert one.details == "1 near miss on the log."
    assert quality(Role.ANALYST, near_misses=1, near_miss_oldest=old) == []


def test_the_census_is_spoken_of_in_its_season_until_its_file_is_made() -> None:
    june, august = (datetime(2027, month, 2, 12, tzinfo=UTC) for month in (6, 8))
    [one] = of_census(None, june, "/returns/?year=2027")
    assert one.words == "Send the children in need census"
    assert (one.href, one.state) == ("/returns/?year=2027", "calm")
    assert "to 31 March 2027" in one.details
    assert list(of_census(june - timedelta(hours=1), june, "")) == []
    # A file of a year that was not over was not whole.
    assert list(of_census(datetime(2027, 3, 31, 22, tzinfo=UTC), june, ""))
    assert list(of_census(None, august, "")) == []
    assert quality(Role.ANALYST, june) == []


def test_late_comes_first_then_what_is_next_due() -> None:
    held = replace(DONE, near_misses=1, near_miss_oldest=NOW, undrawn=(OCTOBER,), report_made=False)
    found = in_order(of_quality(held, [Role.CHAIR, Role.ANALYST], NOW, HREFS))
    assert [one.state for one in found] == sorted(
        (one.state for one in found), key=lambda state: state != "late"
    )
    assert [one.due_at for one in found][1:] == sorted(one.due_at for one in found[1:])


def test_a_backup_leaves_the_row_that_is_looked_for() -> None:
    assert (SUBJECT.kind, SUBJECT.ref, TAKEN) == BACKUP_TAKEN
