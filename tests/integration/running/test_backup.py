"""Backups taken, opened, restored (H5), and what becomes of the mail in them (H4)."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.engine import make_url

from app.accounts.models import StaffSession
from app.audit.models import AuditEntry
from app.audit.queries import head, verify_chain
from app.cli.backups.looking import engine_for
from app.cli.backups.restoring import throw_away
from app.cli.backups.taking import take
from app.core.clock import now
from app.core.crypto import field_cipher, new_field_key
from app.core.models import Installation
from app.core.session import db, reading, transaction
from app.outbox import queries, service
from app.outbox.delivery import deliver_due
from app.outbox.models import OutboxHold, OutboxMessage
from app.outbox.types import MessageState
from app.referrals import keys
from app.referrals.models import Child
from app.referrals.search_keys import word_keys
from app.reports.duties import queries as duties
from app.reports.duties.rules import of_installation
from app.reports.measures import measures
from app.reports.search import children as search
from tests.conftest import FIELD_KEY
from tests.factories.mail import make_message
from tests.factories.referrals import make_child
from tests.integration.running.backing_up import restored, run, taken
from tests.postgresql import PrivatePostgres


def test_what_was_backed_up_is_restored_and_the_chain_goes_on(filled, empty_url, app_on, tmp_path):
    file = tmp_path / "one.backup"
    assert "verified" in taken(filled, file).output
    with filled.app_context():
        was = head(reading())
    again = app_on(empty_url())
    said = restored(again, file).output
    assert "Restored and verified" in said
    assert "2 letters waited" in said
    with again.app_context():
        session = reading()
        assert session.execute(select(Child.given_name)).scalars().all() == ["Amara"]
        assert list(verify_chain(session)) == []
        actions = session.execute(select(AuditEntry.action).order_by(AuditEntry.id)).scalars().all()
        # The row that tells of the backup was written after it, and so is not in it.
        assert actions[-2:] == ["something done", "restored from a backup"]
        assert head(session).entry_id == was.entry_id
        # Whoever was signed in then signs in anew.
        ended = session.execute(select(StaffSession.ended_at)).scalars().all()
        assert None not in ended


def test_children_that_no_index_held_are_found_after_a_restore(filled, empty_url, app_on, tmp_path):
    """A backup of a version before search had none of its keys (A3, G5)."""
    again = app_on(empty_url())
    file = tmp_path / "area.hsd"
    taken(filled, file)
    restored(again, file)
    with again.app_context():
        [child] = reading().execute(select(Child.id)).scalars()
        digests = keys.searched(reading(), word_keys("Amara"))
        assert [one.child_id for one in search.records_under(reading(), digests).records] == [child]


def test_children_that_no_index_held_are_found_after_an_upgrade(filled, monkeypatch):
    monkeypatch.setattr("app.cli.install.bring_up_to_date", lambda app: True)
    done = run(filled, "install")
    assert done.exit_code == 0, done.output
    with filled.app_context():
        digests = keys.searched(reading(), word_keys("Amara"))
        assert len(search.records_under(reading(), digests).records) == 1


def test_constraints_and_triggers_are_restored_too(filled, empty_url, app_on, tmp_path):
    file = tmp_path / "one.backup"
    taken(filled, file)
    again = app_on(empty_url())
    restored(again, file)
    with (
        again.app_context(),
        pytest.raises(Exception, match=r"append-only|never|refuse|audit"),
        transaction() as session,
    ):
        session.execute(delete(AuditEntry))
    with again.app_context(), transaction() as session:
        make_child(session, "Tomas")  # numbers go on where they were


def test_no_mail_leaves_a_restored_copy_before_it_is_released(filled, empty_url, app_on, tmp_path):
    file = tmp_path / "one.backup"
    taken(filled, file)
    again = app_on(empty_url())
    restored(again, file)
    settings = again.extensions["settings"]
    folder = settings.data_dir / "mail"
    with again.app_context():
        with transaction() as session:
            service.enqueue(session, make_message(), now())
        assert deliver_due(settings, now()) == 0
    assert not folder.exists()
    done = run(again, "mail", "release", "--review")
    assert done.exit_code == 0, done.output
    assert "2 letters from before wait on the administrators' first page" in done.output
    with again.app_context():
        # What nobody knows of is for a person; what was written since goes out.
        assert deliver_due(settings, now()) == 1
        failures = queries.failures(reading())
        assert {row.problem for row in failures} == {service.RESTORED}
        assert len(failures) == 2
        assert list(verify_chain(reading())) == []
    assert "No mail is held" in run(again, "mail", "release", "--send").output


def test_after_a_planned_move_all_mail_is_sent_under_the_same_message_ids(
    filled, empty_url, app_on, tmp_path
):
    file = tmp_path / "one.backup"
    taken(filled, file)
    again = app_on(empty_url())
    restored(again, file)
    with filled.app_context():
        before = set(reading().execute(select(OutboxMessage.message_id)).scalars())
    assert run(again, "mail", "release", "--send").exit_code == 0
    with again.app_context():
        assert deliver_due(again.extensions["settings"], now()) == 2
        rows = reading().execute(select(OutboxMessage)).scalars().all()
        assert {row.message_id for row in rows} == before
        assert {row.state for row in rows} == {MessageState.SENT}


def test_how_to_release_has_to_be_said(app):
    done = run(app, "mail", "release")
    assert done.exit_code == 2
    assert "--send" in done.output


def test_a_held_copy_is_backed_up_and_restored_as_any_other(filled, empty_url, app_on, tmp_path):
    with filled.app_context(), transaction() as session:
        service.hold(session, now())
    file = tmp_path / "one.backup"
    taken(filled, file)
    again = app_on(empty_url())
    restored(again, file)
    with again.app_context():
        assert reading().get(OutboxHold, 1) is not None


def test_the_file_tells_nothing_without_the_key(filled, tmp_path):
    file = tmp_path / "one.backup"
    taken(filled, file)
    content = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    for word in (b"something done", b"audit_entry", b"CREATE", FIELD_KEY.encode()):
        assert word not in content
    # Nothing is left beside it.
    assert [path.name for path in tmp_path.glob(".*")] == [".backup.lock"]


def test_the_key_it_was_made_with_is_asked_for_by_name(filled, empty_url, app_on, tmp_path):
    file = tmp_path / "one.backup"
    taken(filled, file)
    url, new = empty_url(), new_field_key()
    try:
        done = run(app_on(url, field_keys=(new,)), "restore", file)
        assert done.exit_code == 1
        assert "append that key to FIELD_KEYS" in done.output
        restored(app_on(url, field_keys=(new, FIELD_KEY)), file)
    finally:
        field_cipher.use((FIELD_KEY,))


def test_a_file_that_was_touched_is_refused(filled, empty_url, app_on, tmp_path):
    file = tmp_path / "one.backup"
    taken(filled, file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    again = app_on(empty_url())
    for command in (["backup", "verify"], ["restore"]):
        done = run(again, *command, file)
        assert done.exit_code == 1
        assert "damaged" in done.output


def test_a_file_that_the_disk_spoils_is_no_backup(filled, tmp_path, monkeypatch):
    really = os.fsync

    def spoiling(descriptor):
        really(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.name.endswith(".part"):
            written = bytearray(path.read_bytes())
            written[len(written) // 2] ^= 1
            path.write_bytes(written)

    monkeypatch.setattr(os, "fsync", spoiling)
    done = filled.test_cli_runner().invoke(args=["backup", str(tmp_path / "one.backup")])
    assert done.exit_code == 1
    assert "does not read back as it was" in done.output
    assert "one.backup" not in [path.name for path in tmp_path.iterdir()]


def test_nothing_is_ever_overwritten(filled, tmp_path):
    file = tmp_path / "one.backup"
    taken(filled, file)
    content = file.read_bytes()
    done = run(filled, "backup", file)
    assert done.exit_code == 1
    assert "there already" in done.output
    assert file.read_bytes() == content
    done = run(filled, "restore", file)
    assert done.exit_code == 1
    assert "already" in done.output


def test_whoever_restores_without_settings_is_told_which(app_on, tmp_path):
    file = tmp_path / "any.backup"
    file.touch()
    said = run(app_on("", example=False), "restore", file)
    assert said.exit_code == 1
    assert "DATABASE_URL" in said.output


def test_real_cases_and_the_example_area_are_kept_apart(filled, empty_url, app_on, tmp_path):
    with filled.app_context(), transaction() as session:
        session.get_one(Installation, 1).example = False
    file = tmp_path / "one.backup"
    settings = filled.extensions["settings"]
    with filled.app_context():
        take(settings, db.engine.url, file, now())
    done = run(app_on(empty_url()), "restore", file)
    assert done.exit_code == 1
    assert "never restored as an example area" in done.output


def test_a_database_that_is_not_whole_is_backed_up_and_says_so(filled, empty_url, app_on, tmp_path):
    with filled.app_context(), transaction() as session:
        session.execute(text("UPDATE audit_head SET digest = 'x'"))
    done = run(filled, "backup", "--keep", 1, tmp_path)
    assert done.exit_code == 1
    assert "the database is not whole" in done.output
    [file] = tmp_path.glob("*.backup")
    again = run(filled, "backup", "--keep", 1, tmp_path)
    assert again.exit_code == 1
    assert file.exists(), "it made room for one that is not whole"
    # Nobody reads what a timer says: whoever looks after the installation is told.
    assert "what it holds was not whole" in run(filled, "doctor").output
    with filled.app_context():
        held = duties.installation(reading(), now(), reads_mail=False)
        assert [one.words for one in of_installation(held, now(), "") if "whole" in one.words]
        told = {one.name: one.value for one in measures(reading(), now())}
        assert told["backup_problems"] == held.backup_problems > 0
        db.session.remove()
    copy = app_on(empty_url())
    refused = run(copy, "restore", file)
    assert refused.exit_code == 1
    assert "--although-not-whole" in refused.output
    done = run(copy, "restore", file, "--although-not-whole")
    assert done.exit_code == 0, done.output
    assert "Problem, as when it was made" in done.output


def test_what_a_killed_backup_left_unsealed_is_gone_after_the_next(filled, tmp_path):
    left = tmp_path / ".backup-killed"
    left.mkdir()
    (left / "database").write_bytes(b"unsealed")
    (tmp_path / ".desk-20260101T010101Z.backup.part").touch()
    taken(filled, tmp_path / "one.backup")
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == [
        ".backup.lock",
        "one.backup",
    ]


def test_two_backups_are_not_taken_into_one_folder_at_once(filled, tmp_path):
    with (tmp_path / ".backup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(filled, "backup", tmp_path / "one.backup")
    assert done.exit_code == 1
    assert "Another backup" in done.output


def test_a_directory_keeps_the_newest(filled, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    for day in ("20260101", "20260102", "20260103"):
        (folder / f"desk-{day}T010101Z.backup").touch()
    (folder / "notes.txt").touch()
    done = run(filled, "backup", "--keep", 2, folder)
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in folder.glob("[!.]*"))
    assert names[0] == "desk-20260103T010101Z.backup"
    assert len(names) == 3
    assert "notes.txt" in names


def test_a_folder_that_is_not_there_is_said(filled, tmp_path):
    done = run(filled, "backup", tmp_path / "nowhere" / "one.backup")
    assert done.exit_code == 1
    assert "cannot be written" in done.output


def test_the_drill_restores_looks_through_and_leaves_nothing(filled, tmp_path):
    done = run(filled, "backup", "drill")
    assert done.exit_code == 0, done.output
    assert "The drill went well" in done.output
    assert "the database is whole" in done.output
    with filled.app_context():
        session = reading()
        if session.get_bind().dialect.name == "postgresql":
            left = session.execute(
                text("SELECT count(*) FROM pg_database WHERE datname LIKE 'drill_%'")
            ).scalar_one()
            assert left == 0
        # A drill of a file that was kept, which is what matters one day.
        session.rollback()
    file = tmp_path / "one.backup"
    taken(filled, file)
    assert run(filled, "backup", "drill", file).exit_code == 0
    file.write_bytes(file.read_bytes()[:-1])
    broken = run(filled, "backup", "drill", file)
    assert broken.exit_code == 1
    assert "The drill failed" in broken.output


@pytest.mark.parametrize("told", [signal.SIGHUP, signal.SIGTERM])
def test_a_drill_that_is_told_to_stop_leaves_nothing(filled, tmp_path, monkeypatch, told):
    """A connection that is lost: deleted cases would live on in what it made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("app.cli.backup.restore_into", lambda *_: os.kill(os.getpid(), told))
    done = run(filled, "backup", "drill")
    assert done.exit_code == 128 + told
    assert "what the drill made is gone" in done.output
    assert list(tmp_path.glob("drill-*")) == []
    assert drills(filled) == []


def test_what_a_killed_drill_left_is_gone_after_the_next(filled):
    with filled.app_context():
        url = db.engine.url
    if url.get_backend_name() == "sqlite":
        pytest.skip("a drill on SQLite makes a file in a folder of its own")
    with pytest.raises(RuntimeError), throw_away(url, Path()) as empty:
        name = empty.database
        other = f"{name[:-4]}left"
        with engine_for(url) as engine:
            sql = f'CREATE DATABASE "{other}"'
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
                alone.exec_driver_sql(sql)
        busy = run(filled, "backup", "drill")
        assert "Another drill of this database runs" in busy.output
        raise RuntimeError
    assert drills(filled) == [other]
    assert run(filled, "backup", "drill").exit_code == 0
    assert drills(filled) == []


def drills(app):
    """The databases of drills that are there."""
    with app.app_context():
        session = reading()
        if session.get_bind().dialect.name != "postgresql":
            return []
        found = session.execute(
            text("SELECT datname FROM pg_database WHERE starts_with(datname, 'drill_')")
        )
        return list(found.scalars())


def test_a_restore_that_never_came_to_its_end_is_said_and_sends_nothing(filled):
    with filled.app_context(), transaction() as session:
        service.hold(session, now())
    assert "did not come to its end" in run(filled, "doctor").output
    refused = run(filled, "mail", "release", "--send")
    assert refused.exit_code == 1
    assert "restore again. No mail leaves this one" in refused.output


def test_a_drill_keeps_every_letter_where_the_cluster_itself_knows_none(tmp_path):
    """A cluster made without a locale, as on a small machine, has an encoding of its own."""
    with PrivatePostgres(locale=("C", "SQL_ASCII")) as server:
        where = f"host={server.folder} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("CREATE DATABASE desk ENCODING 'UTF8' TEMPLATE template0")
        url = make_url(server.url("desk"))
        with (
            throw_away(url, tmp_path) as empty,
            engine_for(empty) as engine,
            engine.connect() as restored_into,
        ):
            encoding = restored_into.exec_driver_sql("SHOW server_encoding").scalar_one()
    assert encoding == "UTF8"
