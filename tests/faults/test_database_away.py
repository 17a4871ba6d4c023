"""The database goes away, is full, comes back: a clear page, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from app import create_app
from app.accounts.types import Role
from app.audit.queries import verify_chain
from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.outbox import service
from app.outbox.delivery import deliver_due
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.conftest import FIELD_KEY, migrate, settings_for
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.mail import make_message
from tests.page_form import form_of
from tests.postgresql import PrivatePostgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_server() -> Iterator[PrivatePostgres]:
    with PrivatePostgres(keeps_commits=True) as server:
        yield server


def written(number: int) -> None:
    with transaction() as session:
        service.enqueue(session, make_message(f"person-{number}@police.example"), now())
        record(session, SYSTEM, "something done", Subject("test", str(number)), now())


def test_postgresql_is_stopped_at_once_and_started(
    own_server: PrivatePostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(tmp_path, own_server.create("away"))
    migrate(settings)
    app = create_app(settings)
    client = app.test_client()
    with app.app_context():
        with transaction() as session:
            staff_id = make_staff(session, Role.ADMINISTRATOR).id
        sign_in_as(client, staff_id)
        written(1)
    assert client.get("/deliveries").status_code == 200
    near_miss, sign_in = "/quality/near-misses/new", "/sign-in"
    report = form_of(client.get(near_miss).get_data(as_text=True), near_miss)
    stranger = app.test_client()
    signing = form_of(stranger.get(sign_in).get_data(as_text=True), sign_in)
    own_server.stop("immediate")
    told = "A letter went to the wrong desk."
    page = client.post(near_miss, data=report | {"what": told})
    assert page.status_code == 503
    assert told in page.get_data(as_text=True)
    page = stranger.post(
        sign_in, data=signing | {"email": "a@council.example", "password": "horse battery"}
    )
    assert page.status_code == 503
    assert "horse" not in page.get_data(as_text=True)
    page = client.get("/deliveries")
    assert page.status_code == 503
    assert "The service is not available" in page.get_data(as_text=True)
    assert page.headers["Retry-After"] == "30"
    assert client.get("/health").status_code == 503
    with app.app_context():
        with pytest.raises(OperationalError):
            written(2)
        with pytest.raises(OperationalError):
            deliver_due(settings, now())
        db.session.remove()
    said = capsys.readouterr().err
    assert "database away" in said
    assert "police.example" not in said
    assert "wrong desk" not in said
    own_server.start()
    # The same processes go on, without a restart.
    assert client.get("/deliveries").status_code == 200
    with app.app_context():
        written(3)
        assert deliver_due(settings, now()) == 2
        assert list(verify_chain(reading())) == []
        recipients = reading().execute(select(OutboxMessage.recipient)).scalars().all()
        assert recipients == ["person-1@police.example", "person-3@police.example"]
        db.session.remove()
        db.engine.dispose()


def test_a_full_disk_is_a_clear_page_and_half_of_nothing(tmp_path: Path) -> None:
    """As on a real one: SQLite is told that there is no page to be had."""
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path / 'full.sqlite3'}")
    migrate(settings)
    app = create_app(settings)
    full = [False]
    with app.app_context():

        @event.listens_for(db.engine, "begin")
        def _limit(connection) -> None:  # type: ignore[no-untyped-def]
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            most = pages if full[0] else 1 << 30
            connection.exec_driver_sql(f"PRAGMA max_page_count={most}")

        client = app.test_client()
        with transaction() as session:
            staff_id = make_staff(session, Role.ADMINISTRATOR).id
        sign_in_as(client, staff_id)
        written(0)
        full[0] = True
        kept = 0
        with pytest.raises(OperationalError):
            for kept in range(1, 10_000):  # until the pages at hand are used up
                written(kept)
        db.session.remove()
        assert client.get("/deliveries").status_code == 200  # what is there can be read
        letters = reading().execute(select(OutboxMessage)).scalars().all()
        assert len(letters) == kept  # those before, and nothing of the one that failed
        assert list(verify_chain(reading())) == []
        db.session.remove()
        full[0] = False  # somebody made room
        written(kept)
        while deliver_due(settings, now(), most=20_000):
            continue
        assert reading().execute(select(func.count()).select_from(OutboxMessage)).scalar() == (
            kept + 1
        )
        states = set(reading().execute(select(OutboxMessage.state)).scalars())
        assert states == {MessageState.SENT}
        assert list(verify_chain(reading())) == []
        assert reading().execute(text("PRAGMA integrity_check")).scalar() == "ok"
        db.session.remove()
        db.engine.dispose()


def test_a_backup_that_finds_no_room_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'strategy.sqlite3'}"
    migrate(settings_for(tmp_path, url))
    folder = tmp_path / "backups"
    folder.mkdir()
    environment = os.environ | {
        "EXAMPLE_AREA": "1", "DATA_DIR": str(tmp_path), "DATABASE_URL": url,
        "FIELD_KEYS": FIELD_KEY, "SECRET_KEY": "for-tests-" + "k" * 30,
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 100; exec "$@"', "-", sys.executable, "-m", "flask",
         "backup", str(folder)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Is the disk full?" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in folder.iterdir()] == [".backup.lock"]
