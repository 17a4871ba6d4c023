"""What stands first on the first page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.accounts.types import Role
from app.reports.names import Names
from app.reports.rules import in_order, kinds_for, state_of
from app.reports.types import Work, WorkKind
from tests.clock import FRIDAY

BASE = Work(
    kind=WorkKind.BOOK, ref="SD-1", due_at=FRIDAY, waits_on_others=False, state="calm",
    state_text="", left_text="", children=(), href="/",
)  # fmt: skip


def test_own_work_first_then_failures_then_the_latest():
    later = replace(BASE, ref="later", due_at=FRIDAY + timedelta(hours=5))
    late = replace(BASE, ref="late", due_at=FRIDAY - timedelta(hours=1))
    failed = replace(BASE, ref="failed", due_at=None)
    others = replace(BASE, ref="others", due_at=FRIDAY - timedelta(days=9), waits_on_others=True)
    assert [one.ref for one in in_order([others, later, late, failed])] == [
        "failed", "late", "later", "others",
    ]  # fmt: skip


def test_a_child_who_may_be_at_risk_now_stands_above_everything():
    soon = replace(BASE, ref="soon", due_at=FRIDAY + timedelta(minutes=5), state="soon")
    at_risk = replace(BASE, kind=WorkKind.AT_RISK, ref="at risk", due_at=FRIDAY + timedelta(days=1))
    late = replace(BASE, ref="late", due_at=FRIDAY - timedelta(hours=1), state="late")
    later = replace(late, kind=WorkKind.AT_RISK, ref="later", due_at=FRIDAY)
    assert [one.ref for one in in_order([soon, at_risk, later, late])] == [
        "later", "at risk", "late", "soon",
    ]  # fmt: skip


def test_the_system_administrator_and_the_analyst_are_shown_no_case_work():
    assert kinds_for({Role.SYSTEM}) == []
    assert kinds_for({Role.ANALYST}) == []


def test_the_administrator_sees_failed_mail_and_what_is_to_be_booked():
    assert {WorkKind.MAIL, WorkKind.BOOK, WorkKind.CIRCULATE} <= set(
        kinds_for({Role.ADMINISTRATOR})
    )


def test_four_hours_before_it_is_due_soon_and_a_second_after_late():
    assert state_of(FRIDAY + timedelta(hours=4), FRIDAY)[0] == "soon"
    assert state_of(FRIDAY + timedelta(hours=4, seconds=1), FRIDAY)[0] == "calm"
    assert state_of(FRIDAY, FRIDAY + timedelta(seconds=1))[:2] == ("late", "Late")


def test_a_discussion_with_the_number_of_a_case_lends_it_no_names():
    """IMAP 5: a domestic abuse case stands on the first page without anybody's name."""
    names = Names({7: ("Of a referral",)}, {7: ("Of a discussion",)}, {7: ("As told",)})
    assert names.of(WorkKind.ABUSE) == {}
    assert names.of(WorkKind.BOOK) == {7: ("Of a discussion",)}
