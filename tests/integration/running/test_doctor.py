"""`flask doctor` sees what is wrong, says what to do, and changes nothing (I2)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import create_app
from app.audit.service import viewed
from app.audit.types import SYSTEM, Subject
from app.cli.checkup.around import settings_found
from app.cli.worker import worker
from app.core.clock import now
from app.core.crypto import field_cipher, new_field_key
from app.core.session import transaction
from app.outbox import service
from app.records.sealing import write_authority
from tests.conftest import FIELD_KEY, settings_for
from tests.factories.mail import make_message
from tests.smtp import mail_server


@pytest.fixture
def well(app, tmp_path):
    """An installation in which everything that can be well here is."""
    settings = app.extensions["settings"]
    settings.seal_key_file.parent.mkdir()
    write_authority(settings.seal_key_file, settings.seal_cert_file, "A Council", now())
    assert app.test_cli_runner().invoke(worker, ["--once"]).exit_code == 0
    folder = tmp_path / "backups"
    folder.mkdir()
    assert app.test_cli_runner().invoke(args=["backup", str(folder)]).exit_code == 0
    return app


def found(app):
    done = app.test_cli_runner().invoke(args=["doctor", "--json"])
    said = {one["what"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == any(one["verdict"] == "mend" for one in said.values())
    return said


def verdicts(app):
    return {what: one["verdict"] for what, one in found(app).items()}


def test_where_all_is_well_nothing_is_to_be_mended(well, engine_name):
    said = found(well)
    # The PostgreSQL of the tests is set to forget, for speed: that is seen.
    wanted = "mend" if engine_name == "postgresql" else "ok"
    assert said["database"]["verdict"] == wanted, said
    others = {what: one for what, one in said.items() if what != "database"}
    assert {one["verdict"] for one in others.values()} <= {"ok"}, others
    assert {"migrations", "keys", "worker", "mail", "audit", "backup", "fonts"} <= set(said)
    words = well.test_cli_runner().invoke(args=["doctor"]).output
    assert "ok        worker: last seen" in words


def test_a_new_installation_is_told_what_it_lacks(app):
    said = verdicts(app)
    assert (said["worker"], said["backup"], said["seal certificate"]) == ("mend",) * 3
    words = app.test_cli_runner().invoke(args=["doctor"]).output
    assert "systemctl start desk-worker" in words


def test_mail_that_is_stuck_views_that_wait_and_an_old_worker(well):
    long_ago = now() - timedelta(hours=3)
    with well.app_context(), transaction() as session:
        service.enqueue(session, make_message(), long_ago)
        viewed(session, SYSTEM, "page", Subject("test", "1"), long_ago)
        session.execute(text("DELETE FROM worker_seen"))
    said = found(well)
    for what in ("mail", "audit", "worker"):
        assert said[what]["verdict"] == "mend"
    assert "3 hours" in said["mail"]["seen"]


def test_a_head_of_the_audit_that_leaves_for_nowhere(tmp_path):
    for name in ("seal-key.pem", "seal-cert.pem"):
        (tmp_path / name).touch()
    told = {}
    for anchor in (None, "head@records.example"):
        settings = settings_for(
            tmp_path, "postgresql+psycopg://desk@/desk", example=False, proxies=1,
            secret_key="Vq8x!mK2p0wZr7Lt5Yn3Jc6Hb9Gd4Fs1", base_url="https://desk.example.org",
            smtp_url="smtp://mail.example.org:25", audit_anchor_to=anchor,
            seal_key_file=tmp_path / "seal-key.pem", seal_cert_file=tmp_path / "seal-cert.pem",
        )  # fmt: skip
        told[anchor] = [(one.what, one.verdict.value) for one in settings_found(settings)]
    assert told[None] == [("settings", "ok"), ("audit's head", "warning")]
    assert told["head@records.example"] == [("settings", "ok")]


def test_mail_that_is_held(well):
    with well.app_context(), transaction() as session:
        service.hold(session, now())
    assert "flask mail release" in found(well)["mail"]["remedy"]


def test_tables_of_another_version(well):
    with well.app_context(), transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert verdicts(well)["migrations"] == "mend"


def test_tables_that_were_removed(well):
    with well.app_context(), transaction() as session:
        session.execute(text("DROP TABLE near_miss"))
    said = found(well)
    assert "near_miss" in said["migrations"]["seen"]
    assert "restore the last backup" in said["migrations"]["remedy"]
    assert "bank holidays" in said  # the rest is looked at all the same


def test_guards_of_the_audit_that_were_taken_away(well, engine_name):
    assert verdicts(well)["audit guards"] == "ok"
    off = {
        "sqlite": "DROP TRIGGER audit_entry_no_update",
        "postgresql": "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_update",
    }
    with well.app_context(), transaction() as session:
        session.execute(text(off[engine_name]))
    said = found(well)["audit guards"]
    assert (said["verdict"], "audit_entry_no_update" in said["seen"]) == ("mend", True)


def test_a_backup_of_what_was_not_whole_is_no_good_backup(well, tmp_path):
    with well.app_context(), transaction() as session:
        session.execute(text("UPDATE audit_head SET digest = 'made up'"))
    folder = tmp_path / "backups"
    taken = well.test_cli_runner().invoke(args=["backup", str(folder / "another.backup")])
    assert taken.exit_code == 1
    assert "was not whole" in found(well)["backup"]["seen"]


def test_a_lost_key(well, database_url, tmp_path):
    try:
        other = create_app(settings_for(tmp_path, database_url, field_keys=(new_field_key(),)))
        said = found(other)["database"]
        assert said["verdict"] == "mend"
        assert "FIELD_KEYS does not hold the key" in said["seen"]
        # Nor does anything else start, or end in a traceback.
        done = other.test_cli_runner().invoke(args=["audit", "verify"])
        assert "FIELD_KEYS does not hold the key" in done.output
    finally:
        field_cipher.use((FIELD_KEY,))


def test_what_is_no_key_at_all_breaks_no_command(database_url, tmp_path):
    try:
        app = create_app(settings_for(tmp_path, database_url, example=False, field_keys=("abc",)))
        said = app.test_cli_runner().invoke(args=["doctor"]).output
        assert "key 1 is not a key made by `flask keys new`" in said
        assert "abc" not in said
    finally:
        field_cipher.use((FIELD_KEY,))


def test_mail_server_mailbox_and_scanner_are_asked(well, database_url, tmp_path):
    with mail_server() as server:
        app = create_app(settings_for(tmp_path, database_url, smtp_url=server.url))
        assert verdicts(app)["mail server"] == "ok"
        assert server.received == []
    gone = {
        "smtp_url": "smtp://127.0.0.1:1",
        "imap_url": "imap://desk:secret-word@127.0.0.1:1/INBOX",
        "scanner": "clamd://127.0.0.1:1",
    }
    app = create_app(settings_for(tmp_path, database_url, **gone))
    try:
        said = found(app)
        for what in ("mail server", "mailbox", "scanner"):
            assert said[what]["verdict"] == "mend", said[what]
        assert "secret-word" not in json.dumps(said)
    finally:
        create_app(settings_for(tmp_path, database_url))  # the scanner is one for all


def test_files_that_others_can_read_and_a_folder_that_is_gone(well, database_url, tmp_path):
    well.extensions["settings"].seal_key_file.chmod(0o644)
    assert verdicts(well)["seal key"] == "mend"
    app = create_app(settings_for(tmp_path / "gone", database_url))
    assert verdicts(app)["DATA_DIR"] == "mend"


def test_a_database_that_is_away(tmp_path):
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    app = create_app(settings_for(tmp_path, url))
    said = found(app)
    assert said["database"]["verdict"] == "mend"
    assert "bank holidays" in said  # the rest is looked at all the same
