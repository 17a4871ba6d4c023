"""`flask serve` never leaves an area to which nobody can sign in (I1)."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app.cli import serve
from app.cli.example import first_start, week
from app.cli.example.first_start import MARK
from app.core.installation import install
from app.core.session import db, transaction

PASSWORD = "correct horse battery 7"
SHOWN, SHOWN_BEFORE = f"Password for all of them: {PASSWORD}", "printed at the first start"


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A start that serves nothing; the week is one row, and with `cut` that is all there is."""
    for name in ("DATABASE_URL", "SMTP_URL", "AUDIT_ANCHOR_TO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    monkeypatch.setattr(serve, "_refuse_a_taken_port", lambda _port: None)
    monkeypatch.setattr(serve, "_run_until_stopped", lambda _app, _port: 0)

    def run(*, cut: bool = False, **environment: str) -> Result:
        def fill(app: Flask, password: str, now: object) -> None:
            with transaction() as session:
                install(session, example=True, now=now)  # type: ignore[arg-type]
            if cut:
                db.session.remove()
                db.engine.dispose()
                raise KeyboardInterrupt

        monkeypatch.setattr(week, "fill", fill)
        return CliRunner(env=environment).invoke(serve.serve)

    return run


def test_a_first_start_that_was_cut_short_is_begun_anew(start, tmp_path: Path) -> None:
    cut = start(cut=True)
    assert cut.exit_code != 0
    assert "Password" not in cut.output
    whole = start()
    assert (whole.exit_code, SHOWN in whole.output) == (0, True), whole.output
    assert "begun anew" in whole.output
    assert not (tmp_path / MARK).exists()
    later = start()
    assert (later.exit_code, SHOWN_BEFORE in later.output) == (0, True), later.output


def test_a_setting_is_refused_before_anything_is_filled(start, tmp_path: Path) -> None:
    refused = start(AUDIT_ANCHOR_TO="nobody")
    assert refused.exit_code == 1
    assert "AUDIT_ANCHOR_TO" in refused.output
    assert not list(tmp_path.glob("*.sqlite3"))
    assert SHOWN in start().output


def test_an_area_that_another_start_fills_is_left_alone(start, tmp_path: Path) -> None:
    assert start(cut=True).exit_code != 0
    database = next(tmp_path.glob("*.sqlite3"))
    with (tmp_path / first_start.MARK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = start()
        assert refused.exit_code == 1
        assert "Another start is filling this example area" in refused.output
        assert database.exists()
