"""What hangs: a page of the web server, a database machine that does not answer, a row that
somebody else holds. Each ends in time, and nothing of what was asked for reaches the log."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from sqlalchemy import event, text

from app import create_app
from app.accounts.types import Role
from app.core.session import db, transaction
from tests.conftest import settings_for
from tests.factories.accounts import make_staff, sign_in_as
from tests.faults.killing import ground_on
from tests.faults.processes import PATIENCE
from tests.postgresql import PrivatePostgres

TOKEN = "T0kenOfAPersonalLink"
# The application as it is served, but that one page of it never ends.
HANGING = """
import functools, time
from wsgi import app

@functools.wraps(app.view_functions["guests.link"])
def hang(token):
    try:
        raise ValueError("Ellie Marsh")
    except ValueError:
        time.sleep(600)

app.view_functions["guests.link"] = hang
"""


def ask(port: int, said: str) -> str:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        line.sendall(said.encode())
        line.shutdown(socket.SHUT_WR)
        return line.makefile("rb").read().decode()


def test_a_page_that_hangs_leaves_no_personal_link_in_the_log(
    sqlite_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "hanging.py").write_text(HANGING, encoding="utf-8")
    target = tmp_path / "desk.sqlite3"
    target.write_bytes(sqlite_template.read_bytes())
    with ground_on(f"sqlite:///{target}", tmp_path) as ground:
        processes = ground.processes
        processes.web = (
            "hanging:app", "--pythonpath", str(tmp_path), "--preload", "--timeout", "1"
        )  # fmt: skip
        processes.start("web")
        processes.wait_for_web()
        said = ask(processes.port, f"GET /i/{TOKEN} HTTP/1.1\r\nHost: desk\r\n\r\n")
        assert TOKEN not in said
        # Nor does what cannot be understood: gunicorn says it all again.
        processes.wait_for_web()
        for request in (
            f"GET /i/{TOKEN}\r\n\r\n",
            f"GET / HTTP/1.1\r\nCookie : desk={TOKEN}\r\n\r\n",
        ):
            assert " 400 " in ask(processes.port, request).splitlines()[0]
        assert processes.stop("web") == 0
        log = processes.log.read_text(encoding="utf-8")
    assert "WORKER TIMEOUT" in log
    assert "hanging.py:10 hang" in log  # where it hung, for whoever mends it
    assert TOKEN not in log
    assert "/i/" not in log
    assert "Ellie" not in log


def test_a_database_machine_that_does_not_answer_is_a_page_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the line and says nothing
        url = f"postgresql+psycopg://desk@127.0.0.1:{silent.getsockname()[1]}/desk"
        client = create_app(settings_for(tmp_path, url)).test_client()
        began = time.monotonic()
        assert client.get("/health").status_code == 503
        # Five seconds, on a busy machine some more; without a word of it 130.
        assert time.monotonic() - began < 60


def test_what_waits_for_somebody_elses_lock_is_a_page_in_time(
    postgres: PrivatePostgres, postgres_template: str, tmp_path: Path
) -> None:
    app = create_app(settings_for(tmp_path, postgres.create("held", postgres_template)))
    with app.app_context():
        with transaction() as session:
            staff_id = make_staff(session, Role.ADMINISTRATOR).id
        client = app.test_client()
        sign_in_as(client, staff_id)
        with db.engine.connect() as own:
            # Before gunicorn ends the process, which takes thirty seconds.
            assert own.execute(text("SHOW lock_timeout")).scalar() == "20s"
        db.session.remove()
        db.engine.dispose()
        engine = db.engine

    @event.listens_for(engine, "connect")
    def _in_a_hurry(connection, _record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("SET lock_timeout = '50ms'")
        connection.commit()

    with engine.begin() as somebody:
        somebody.execute(text("LOCK TABLE outbox_message"))
        page = client.get("/deliveries")
    assert page.status_code == 503
    assert "The service is not available" in page.get_data(as_text=True)
    assert client.get("/deliveries").status_code == 200
    engine.dispose()
    postgres.drop("held")
