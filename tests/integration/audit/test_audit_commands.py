"""`flask audit`: said in words, with an exit code."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from app.audit import service
from app.audit.types import SYSTEM, Subject
from app.core.session import db, transaction
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["audit", *arguments])


@pytest.fixture
def rows(app):
    with app.app_context(), transaction() as session:
        for number in range(3):
            service.record(session, SYSTEM, "entered", Subject("referral", str(number)), FRIDAY)
        service.viewed(session, SYSTEM, "page", Subject("referral", "1"), FRIDAY)


def test_a_whole_audit_and_its_anchor(run, rows):
    done = run("verify")
    assert done.exit_code == 0
    assert "The audit is whole: 3 rows. Head: 3:" in done.output
    head = done.output.split()[-1]
    assert run("verify", "--anchor", head).exit_code == 0
    other = run("verify", "--anchor", f"3:{'0' * 64}")
    assert other.exit_code == 1
    assert "anchored outside" in other.output
    assert run("verify", "--anchor", "three").exit_code == 2


def test_each_problem_in_words_and_exit_code_1(app, run, rows):
    with app.app_context(), transaction() as session:
        on = " ON audit_entry" if db.engine.dialect.name == "postgresql" else ""
        session.execute(text(f"DROP TRIGGER audit_entry_no_update{on}"))
        session.execute(text("UPDATE audit_entry SET action = 'x' WHERE id = 2"))
    done = run("verify")
    assert done.exit_code == 1
    assert "Problem: row 2 was changed after it was written." in done.output
    assert "The audit is not whole: 1 problem." in done.output


def test_an_audit_that_is_all_gone_shows(app, run):
    assert "nothing was done yet" in run("verify").output
    with app.app_context(), transaction() as session:
        make_staff(session)
    done = run("verify")
    assert done.exit_code == 1
    assert "all of it was removed" in done.output


def test_export_writes_every_row_and_is_audited(run, rows, tmp_path):
    target = tmp_path / "audit.jsonl"
    assert run("export", str(target)).exit_code == 0
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["entry"] * 4 + ["view", "head"]
    assert lines[3]["action"] == "audit exported"
    assert lines[-1]["digest"] == lines[3]["digest"]
    assert target.stat().st_mode & 0o077 == 0
    again = run("export", str(target))
    assert again.exit_code == 1
    assert "is there already" in again.output
