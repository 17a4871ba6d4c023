"""Two transactions at once: the second begins before the first has committed. SQLite has one writer
at a time, so there the second waits at its first word."""

from __future__ import annotations

import threading
import time

from sqlalchemy import text

from app.core.session import db, reading, transaction

PATIENCE = 60.0


class Thread(threading.Thread):
    """`act(session)` in a transaction of its own; what it returned or raised is `result`."""

    def __init__(self, app, act, before_commit=lambda: None):
        super().__init__()
        self.app, self.act, self.before_commit = app, act, before_commit
        self.result = None

    def run(self):
        with self.app.app_context():
            try:
                with transaction() as session:
                    self.result = self.act(session)
                    session.flush()
                    self.before_commit()
            except Exception as error:
                self.result = error
            finally:
                db.session.remove()


def _waits(app):
    """Whether a connection waits for another's lock."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return True
        asked = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
        return connection.execute(asked).scalar_one() > 0


def at_once(app, first, second):
    """`first` has done everything but commit when `second` begins, and commits when that waits."""
    done, may_commit = threading.Event(), threading.Event()

    def hold():
        done.set()
        assert may_commit.wait(PATIENCE)

    one = Thread(app, first, hold)
    other = Thread(app, second)
    one.start()
    assert done.wait(PATIENCE), one.result
    other.start()
    deadline = time.monotonic() + PATIENCE
    while other.is_alive() and not _waits(app) and time.monotonic() < deadline:
        other.join(0.02)
    may_commit.set()
    one.join(PATIENCE)
    other.join(PATIENCE)
    reading().expire_all()
    return one.result, other.result
