"""`flask staff`: the first administrator, and a way in when nobody is left."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.accounts.models import Staff
from app.accounts.passwords import is_right
from app.audit.models import AuditEntry
from app.core.session import reading


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["staff", *arguments])


def held(app):
    with app.app_context():
        return list(reading().execute(select(Staff).order_by(Staff.id)).scalars())


def add(run, email="Grace.Lim@council.example", role="system"):
    return run("add", email, "--name", "Grace Lim", "--role", role, "--role", "analyst")


def test_add_prints_a_one_time_password_that_works(app, run):
    done = add(run)
    assert done.exit_code == 0, done.output
    password = re.search(r"One-time password for \S+: (\S+)", done.output)[1]
    (staff,) = held(app)
    assert staff.email == "grace.lim@council.example"
    assert staff.must_set_password
    assert {row.role.value for row in staff.roles} == {"system", "analyst"}
    assert is_right(staff.password_hash, password)
    with app.app_context():
        entry = reading().execute(select(AuditEntry)).scalar_one()
    assert (entry.action, entry.subject_ref) == ("staff added", str(staff.id))
    assert password not in repr(entry.details)


def test_an_address_twice_or_no_address_is_refused_in_words(run):
    add(run)
    again = add(run, "grace.lim@COUNCIL.example")
    assert again.exit_code == 1
    assert "has an account already" in again.output
    assert add(run, "no address").exit_code == 2
    assert add(run, "other@council.example", role="boss").exit_code == 2


def test_end_and_the_last_system_administrator(app, run):
    add(run)
    last = run("end", "grace.lim@council.example")
    assert last.exit_code == 1
    assert "last system administrator" in last.output
    add(run, "second@council.example")
    assert run("end", "grace.lim@council.example").exit_code == 0
    assert held(app)[0].ended_at is not None
    assert "second@council.example" in run("list").output
    assert "grace.lim" not in run("list").output
    assert "Nobody has the address" in run("end", "ghost@council.example").output


def test_password_and_second_factor_can_be_given_anew(app, run):
    add(run)
    before = held(app)[0].password_hash
    assert run("password", "grace.lim@council.example").exit_code == 0
    assert held(app)[0].password_hash != before
    assert (
        run(
            "reset-second-factor", "grace.lim@council.example", "--reason", "Telephone lost"
        ).exit_code
        == 0
    )
