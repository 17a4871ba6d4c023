"""The audit shows every change, cut and gap, and refuses to be rewritten (H3)."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError

from app.audit import queries, service
from app.audit.rules import entry_digest
from app.audit.types import SYSTEM, Head, Subject
from app.core.session import db, reading, transaction
from tests.clock import FRIDAY

PLACES = {
    "audit_entry_no_update": "audit_entry",
    "audit_entry_no_delete": "audit_entry",
    "audit_view_no_delete": "audit_view",
    "audit_view_no_update": "audit_view",
}


@pytest.fixture
def chain(in_app):
    """Five entries and two batches of three views; the second row of each binds the views."""
    with transaction() as session:
        service.record(session, SYSTEM, "entered", Subject("referral", "R-1"), FRIDAY)
    for batch in range(2):
        with transaction() as session:
            for number in range(3):
                service.viewed(session, SYSTEM, "page", Subject("referral", f"R-{number}"), FRIDAY)
        with transaction() as session:
            assert service.chain_views(session, FRIDAY) == 3
            service.record(
                session, SYSTEM, "rated", Subject("referral", "R-1"), FRIDAY, {"batch": batch}
            )
    return in_app


def problems(anchor=None):
    reading().rollback()
    return [problem.problem for problem in queries.verify_chain(reading(), anchor)]


def tamper(*statements, **values):
    """As somebody who owns the database would: the triggers are taken away first."""
    with transaction() as session:
        for trigger, table in PLACES.items():
            on = f" ON {table}" if db.engine.dialect.name == "postgresql" else ""
            session.execute(text(f"DROP TRIGGER {trigger}{on}"))
        for statement in statements:
            session.execute(text(statement), values)


def test_a_whole_chain_has_no_problem(chain):
    assert problems() == []


@pytest.mark.parametrize(
    "change",
    [
        "action = 'deleted'",
        "actor_label = 'somebody else'",
        "actor_id = 7",
        "subject_ref = 'R-2'",
        """details = '{"batch": 9}'""",
        "at = '2026-11-20 16:45:00.000001+00:00'",
    ],
)
def test_a_changed_row_shows(chain, change):
    tamper(f"UPDATE audit_entry SET {change} WHERE id = 3")
    assert problems() == ["row 3 was changed after it was written"]


def test_a_changed_row_with_a_digest_made_anew_shows(chain):
    digest = entry_digest(
        reading().execute(text("SELECT previous FROM audit_entry WHERE id = 3")).scalar_one(),
        entry_id=3,
        at=FRIDAY,
        actor_kind="system",
        actor_id=None,
        actor_label="system",
        action="something else",
        subject_kind="referral",
        subject_ref="R-1",
        details={"batch": 0},
    )
    reading().rollback()
    tamper(
        "UPDATE audit_entry SET action = 'something else', digest = :digest WHERE id = 3",
        digest=digest,
    )
    assert problems() == ["row 4 does not follow from the row before it"]


def test_a_removed_row_shows(chain):
    tamper("DELETE FROM audit_entry WHERE id = 3")
    assert problems() == [
        "row 3 is missing, row 4 follows",
        "row 4 does not follow from the row before it",
    ]


def test_a_chain_cut_at_its_end_shows(chain):
    tamper("DELETE FROM audit_entry WHERE id = 5")
    assert problems() == ["the chain was cut: its head says row 5, the last row is 4"]


def test_a_cut_hidden_by_moving_the_head_shows(chain):
    tamper(
        "DELETE FROM audit_entry WHERE id = 5",
        "UPDATE audit_head SET entry_id = 4,"
        " digest = (SELECT digest FROM audit_entry WHERE id = 4)",
    )
    assert problems() == ["the head of the chain was changed without the audit key"]


def test_a_removed_head_shows(chain):
    tamper("DELETE FROM audit_head")
    assert problems() == ["the head of the chain is missing"]


def test_rows_added_behind_the_head_show(chain):
    tamper(
        "INSERT INTO audit_entry (id, at, actor_kind, actor_id, actor_label, action, subject_kind,"
        " subject_ref, details, previous, digest) SELECT 6, at, actor_kind, actor_id, actor_label,"
        " action, subject_kind, subject_ref, details, digest, digest FROM audit_entry WHERE id = 5"
    )
    assert "the rows after 5 were added behind the head" in problems()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE audit_view SET actor_label = 'nobody' WHERE id = 2",
            ["the views bound by row 2 were changed or cut"],
        ),
        (
            "DELETE FROM audit_view WHERE id = 5",
            ["the views bound by row 4 were changed or cut"],
        ),
        (
            "UPDATE audit_view SET entry_id = 1 WHERE id = 3",
            [
                "the views bound by row 2 were changed or cut",
                "views point to row 1, which did not bind them",
            ],
        ),
        (
            "UPDATE audit_view SET entry_id = NULL WHERE id = 3",
            ["the views bound by row 2 were changed or cut"],
        ),
    ],
)
def test_tampered_views_show(chain, statement, found):
    tamper(statement)
    assert problems() == found


def test_a_head_written_down_outside_shows_a_chain_made_anew(chain):
    head = queries.head(reading())
    assert problems(head) == []
    assert problems(Head(head.entry_id, "0" * 64)) == [
        "row 5 is not the one that was anchored outside"
    ]
    assert problems(Head(99, head.digest)) == ["row 99 is not the one that was anchored outside"]


def test_rows_appended_while_it_is_checked_are_no_problem(chain):
    """Somebody works on: their row commits after the rows are read and before the head is."""
    started, appended = [], []

    def append():
        with chain.app_context(), transaction() as session:
            appended.append(
                service.record(session, SYSTEM, "later", Subject("referral", "R-9"), FRIDAY)
            )

    def once(_connection, _cursor, statement, *_):
        if "FROM audit_entry" in statement and not started:
            started.append(True)
            working = threading.Thread(target=append)
            working.start()
            working.join()

    event.listen(db.engine, "after_cursor_execute", once)
    assert problems() == []
    assert appended == [6]
    assert problems() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'x' WHERE id = 1",
        "DELETE FROM audit_entry WHERE id = 1",
        "DELETE FROM audit_view WHERE id = 1",
        "UPDATE audit_view SET page = 'x' WHERE id = 1",
        "UPDATE audit_view SET entry_id = NULL WHERE id = 1",
    ],
)
def test_the_database_refuses_to_rewrite_the_audit(chain, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
        session.execute(text(statement))
    assert problems() == []


def test_the_database_refuses_to_empty_the_audit(chain, engine_name):
    if engine_name == "sqlite":
        statement = "DELETE FROM audit_entry"  # SQLite knows no TRUNCATE
    else:
        statement = "TRUNCATE audit_entry CASCADE"
    with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
        session.execute(text(statement))


def test_the_check_holds_few_rows_in_memory(in_app):
    with transaction() as session:
        for number in range(1500):
            service.record(session, SYSTEM, "done", Subject("referral", str(number)), FRIDAY)
    held = 0
    session = reading()
    session.expunge_all()
    checked = queries.verify_chain(session)
    assert list(checked) == []
    held = len(session.identity_map)
    assert held <= 600
