"""A council's own protocol files come back with a restore, or it says what is missing (H5, B1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.backups.restoring import refuse_filled
from app.core.session import db, transaction
from app.protocols.loading import load_protocols
from app.referrals.types import DomesticAbuseRisk
from tests.factories.directory import make_settings
from tests.factories.referrals import make_referral
from tests.integration.running.backing_up import restored, run, taken


@pytest.fixture
def own(filled, tmp_path):
    """A council that works by a protocol of its own: its folder, and a backup of it all."""
    folder = tmp_path / "protocols"
    folder.mkdir()
    shipped = Path(filled.root_path, "protocols", "areas", "london.toml").read_text()
    # Upper case too: what is read at start is what the backup takes.
    (folder / "ours.TOML").write_text(shipped.replace('id = "london"', 'id = "ours"', 1))
    (folder / "notes.txt").write_text("not read")
    with filled.app_context(), transaction() as session:
        # A restore asks the protocol about it.
        make_referral(session, domestic_abuse=DomesticAbuseRisk.HIGH)
        make_settings(session, protocol_id="ours")
    return folder


@pytest.fixture
def own_backup(filled, own, app_on, tmp_path):
    file = tmp_path / "own.backup"
    app = app_on(filled.extensions["settings"].database_url, protocols_dir=own)
    assert "the protocol: ours; files of its own: ours.TOML" in taken(app, file).output
    return file


@pytest.mark.parametrize("there", [True, False])
def test_the_council_s_own_protocols_are_put_where_they_are_said_to_be(
    own, own_backup, empty_url, app_on, tmp_path, there
):
    target = tmp_path / "restored-protocols"
    if there:
        target.mkdir()
    done = run(app_on(empty_url()), "restore", own_backup, "--protocols", target)
    assert done.exit_code == 0, done.output
    assert f"Set PROTOCOLS_DIR={target}" in done.output
    assert [path.name for path in target.iterdir()] == ["ours.TOML"]
    assert (target / "ours.TOML").read_bytes() == (own / "ours.TOML").read_bytes()


def test_an_empty_folder_of_protocols_is_filled_by_a_restore(
    own_backup, empty_url, app_on, tmp_path
):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = restored(app_on(empty_url(), protocols_dir=empty), own_backup)
    assert "ours.TOML: written" in done.output
    assert "Set PROTOCOLS_DIR" not in done.output
    assert "ours" in load_protocols(empty)


def test_own_protocols_with_nowhere_to_go_are_told_before_anything_is_written(
    own_backup, empty_url, app_on
):
    app = app_on(empty_url())
    done = run(app, "restore", own_backup)
    assert done.exit_code == 1
    assert "(ours.TOML), and PROTOCOLS_DIR is not set: say --protocols DIRECTORY" in done.output
    with app.app_context():
        refuse_filled(db.engine.url)  # it is empty still


def test_what_stands_in_the_folder_is_never_written_over(own_backup, empty_url, app_on, tmp_path):
    folder, url = tmp_path / "other", empty_url()
    folder.mkdir()
    newer = folder / "ours.TOML"
    shipped = Path(app_on("sqlite://").root_path, "protocols", "areas", "bury.toml").read_text()
    newer.write_text(shipped.replace('id = "bury"', 'id = "ours"', 1))
    before = newer.read_bytes()
    done = restored(app_on(url, protocols_dir=folder), own_backup)
    assert "ours.TOML differs from the one in the backup, and stays as it is" in done.output
    assert newer.read_bytes() == before


def test_a_restore_after_which_nothing_would_start_writes_nothing(
    own, own_backup, empty_url, app_on, tmp_path
):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "renamed.toml").write_text((own / "ours.TOML").read_text())
    app = app_on(empty_url())
    done = run(app, "restore", own_backup, "--protocols", folder)
    assert done.exit_code == 1
    assert "the application would not start" in done.output
    assert f"{folder}/renamed.toml, line " in done.output
    assert [path.name for path in folder.iterdir()] == ["renamed.toml"]
    with app.app_context():
        refuse_filled(db.engine.url)


def test_a_backup_that_was_taken_without_them_says_which_protocol_is_missing(
    filled, own, empty_url, app_on, tmp_path
):
    file = tmp_path / "without.backup"
    taken(filled, file)  # its PROTOCOLS_DIR was not set
    done = run(filled, "doctor")
    assert 'mend      protocol: there is none of the id "ours"' in done.output
    done = run(app_on(empty_url()), "restore", file)
    assert done.exit_code == 1
    assert 'works by the protocol "ours", whose file is neither in this backup' in done.output
    # Put right as it says, it goes.
    again = app_on(empty_url(), protocols_dir=own)
    restored(again, file)
    assert "ok        protocol: ours is there" in run(again, "doctor").output


def test_a_folder_of_protocols_that_is_not_there_is_told_to_whoever_restores(tmp_path):
    gone = tmp_path / "gone"
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "restore", "--help"],
        env=os.environ
        | {"EXAMPLE_AREA": "1", "DATA_DIR": str(tmp_path), "PROTOCOLS_DIR": str(gone)},
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 75  # whatever the command: to be mended, then tried again
    assert "Traceback" not in done.stderr
    assert f"{gone}, line 1: this folder does not exist: make it" in done.stderr
