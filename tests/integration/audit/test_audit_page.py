"""The page of the audit: by person, case, kind and day, and only for whom it is (H3)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from app.accounts.types import Role
from app.audit import reading as audit
from app.audit import service
from app.audit.models import AuditView
from app.audit.queries import seen_since
from app.audit.reading import Wanted
from app.audit.types import SYSTEM, Actor, ActorKind, Subject
from app.core.session import db, reading, transaction
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff

DAY = timedelta(days=1)


@pytest.fixture
def chair(app):
    """Somebody who did one thing and looked at another; beside them the system did the like."""
    with app.app_context(), transaction() as session:
        staff = make_staff(session, Role.CHAIR, name="Amara Osei")
        actor = Actor(ActorKind.STAFF, staff.id, staff.name)
        service.record(session, actor, "referral rated", Subject("referral", "R-1"), FRIDAY)
        service.record(session, SYSTEM, "copies made", Subject("meeting", "SD-1"), FRIDAY + DAY)
        service.viewed(session, actor, "referrals.referral", Subject("referral", "R-1"), FRIDAY)
        return staff.id


@pytest.fixture
def system(signed_in):
    return signed_in(Role.SYSTEM)


def test_each_filter_leaves_what_was_asked_for(system, chair):
    def rows(query):
        page = system.get(f"/audit/?{query}").text
        return ["referral rated" in page, "copies made" in page]

    day = "day-day={0.day}&day-month={0.month}&day-year={0.year}"
    assert rows("") == [True, True]
    assert rows(f"who={chair}") == [True, False]
    assert rows("subject=sd-1") == [False, True]
    assert rows("kind=referral") == [True, False]
    assert rows(day.format(FRIDAY)) == [True, False]
    assert rows(day.format(FRIDAY + DAY)) == [False, True]
    assert "referrals.referral" in system.get("/audit/?what=views&subject=R-1").text


def test_rows_about_staff_say_whose_account_it_was(app, system, chair):
    with app.app_context(), transaction() as session:
        service.record(session, SYSTEM, "second factor reset", Subject("staff", str(chair)), FRIDAY)
    assert f"staff {chair}, Amara Osei" in system.get("/audit/").text


def test_a_bad_filter_is_said_and_nothing_typed_is_lost(system, chair):
    answer = system.get("/audit/?day-day=31&day-month=2&day-year=2026&subject=R-1")
    assert answer.status_code == 422
    assert "must be a real date" in answer.text
    assert 'value="R-1"' in answer.text


def test_looking_at_the_audit_is_seen_in_it(app, system, chair):
    system.get("/audit/")
    with app.app_context():
        seen = select(AuditView.subject_kind).where(AuditView.page == "audit")
        assert reading().execute(seen).scalars().all() == ["audit"]


def test_pages_go_on_by_key(app, system, chair, monkeypatch):
    monkeypatch.setattr(audit, "PAGE", 1)
    first = system.get("/audit/?kind=").text
    assert "copies made" in first
    assert "referral rated" not in first
    assert "before=2" in first
    assert "referral rated" in system.get("/audit/?before=2").text


def test_an_export_of_some_days(app, chair, tmp_path):
    run = app.test_cli_runner().invoke
    target = tmp_path / "one-day.jsonl"
    day = f"{FRIDAY:%Y-%m-%d}"
    done = run(args=["audit", "export", str(target), "--from", day, "--to", day])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["entry", "view", "head"]
    assert lines[0]["action"] == "referral rated"
    wrong = run(args=["audit", "export", str(target), "--from", "2026-03-02", "--to", "2026-03-01"])
    assert wrong.exit_code == 2


@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        (Wanted(kind="list"), ["ix_audit_entry_kind"]),
        (Wanted(subject="R-1"), ["ix_audit_entry_ref"]),
        (Wanted(staff_id=1), ["ix_audit_entry_actor"]),
        (Wanted(since=FRIDAY, until=FRIDAY + DAY), ["ix_audit_entry_at", "PRIMARY KEY"]),
        (
            Wanted(kind="referral", since=FRIDAY, until=FRIDAY + DAY),
            ["ix_audit_entry_at", "ix_audit_entry_kind"],
        ),
    ],
)
def test_each_filter_is_read_by_its_index_and_a_day_as_a_range(
    in_app, chair, engine_name, wanted, indexes
):
    on_sqlite = engine_name == "sqlite"
    if not on_sqlite:
        reading().connection().exec_driver_sql("SET enable_seqscan = off")
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]),
                 named=False)  # fmt: skip
    audit.changes(reading(), wanted)
    of_audit = [one for one in asked if "FROM audit_entry" in one[0]]
    assert len(of_audit) == len(indexes)
    for (statement, values), index in zip(of_audit, indexes, strict=True):
        how = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
        told = str(reading().connection().exec_driver_sql(f"{how} {statement}", values).all())
        if on_sqlite:
            assert f"USING INTEGER {index}" in told or f"INDEX {index}" in told
            assert "TEMP B-TREE" not in told
        elif index == "ix_audit_entry_at":
            # With so few rows the rest is chosen freely; this one would be the primary key.
            assert index in told


def test_what_of_a_list_was_seen_lately_is_read_by_the_cases_of_that_list(
    in_app, chair, engine_name
):
    """Whoever saw thousands in that time would else read them all again with each list."""
    on_sqlite = engine_name == "sqlite"
    if not on_sqlite:
        reading().connection().exec_driver_sql("SET enable_seqscan = off")
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]),
                 named=False)  # fmt: skip
    actor = Actor(ActorKind.STAFF, chair, "Amara Osei")
    listed = [Subject("referral", "R-1"), Subject("referral", "R-2")]
    assert seen_since(reading(), actor, listed, FRIDAY) == {listed[0]}
    ((statement, values),) = [one for one in asked if "FROM audit_view" in one[0]]
    how = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
    plan = str(reading().connection().exec_driver_sql(f"{how} {statement}", values).all())
    # The time leads to the first number since then, and to nothing else.
    assert plan.count("ix_audit_view_at") == 1
    assert "ix_audit_view_actor" not in plan
    if on_sqlite:
        assert "ix_audit_view_ref (subject_ref=? AND id>?)" in plan
    else:  # with so few rows it may take the primary key
        assert plan.count("(at >=") == 1
