"""What must hold before cases are touched (I2)."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from app.cli.checkup.around import _files
from app.core.config import Settings, UnsafeSettings
from app.core.installation import install
from app.core.session import db, transaction
from app.core.start import check_start
from app.protocols.loading import council_files
from app.protocols.problems import ProtocolError
from tests.clock import FRIDAY
from tests.conftest import settings_for
from tests.postgresql import PrivatePostgres


@pytest.fixture
def real(postgres: PrivatePostgres, postgres_template: str, tmp_path: Path):
    """`real(...)` an application with settings for real use, on a database of its own."""
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in ("seal-key.pem", "seal-cert.pem"):
        (keys / name).touch()
    url = postgres.create("real_use", postgres_template)

    def make(**changes):
        values = {
            "example": False,
            "secret_key": "Vq8x!mK2p0wZr7Lt5Yn3Jc6Hb9Gd4Fs1",
            "base_url": "https://desk.example.org",
            "smtp_url": "smtp://mail.example.org:25",
        }
        return create_app(settings_for(tmp_path, url, **(values | changes)))

    yield make
    postgres.drop("real_use")


def said(app) -> str:
    with pytest.raises(UnsafeSettings) as unsafe:
        check_start(app)
    with app.app_context():
        db.engine.dispose()
    return str(unsafe.value)


def make_real(app) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM installation"))
        install(session, example=False, now=FRIDAY)


def test_real_use_on_a_database_of_its_own_starts(real):
    app = real()
    make_real(app)
    check_start(app)


def test_real_use_refuses_the_example_area(real):
    assert "filled as an example area" in said(real())


def test_an_example_area_refuses_real_cases(real):
    make_real(real())
    assert "holds real cases" in said(real(example=True))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"secret_key": "changeme" * 5}, "SECRET_KEY"),
        ({"secret_key": "example-Vq8x!mK2p0wZr7Lt5Yn3Jc6Hb9Gd4Fs1"}, "SECRET_KEY"),
        ({"field_keys": ()}, "FIELD_KEYS"),
        ({"base_url": ""}, "BASE_URL"),
        ({"base_url": "http://desk.example.org"}, "BASE_URL"),
        ({"smtp_url": None}, "SMTP_URL"),
        ({"mail_from": ""}, "MAIL_FROM"),
        ({"mail_from": "Desk <rna-desk@example.org>"}, "MAIL_FROM is not one email address"),
        ({"base_url": "https://"}, "BASE_URL names no machine"),
        ({"smtp_url": "relay.example.org:25"}, "SMTP_URL cannot be read"),
        ({"smtp_url": "smtp://u:p@relay.example.org?tls=none"}, "SMTP_URL would send a password"),
        ({"metrics_token": "password"}, "METRICS_TOKEN"),
        ({"proxies": -1}, "PROXIES"),
    ],
)
def test_unsafe_settings_are_named(real, changes, word):
    assert word in said(real(**changes))


@contextmanager
def nobody():
    """Somebody else than whom the folders belong to: root may enter each."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_folder_that_this_user_may_not_enter_is_named(tmp_path):
    """A new machine, with folders that came from a safe or a backup (H5)."""
    shut = tmp_path / "shut"
    shut.mkdir()
    settings = settings_for(shut / "data", "sqlite://", example=False)
    shut.chmod(0)
    try:
        with nobody():
            found = settings.problems()
            read = Settings.read({"DATA_DIR": str(shut / "data")})
            with pytest.raises(ProtocolError, match="may not look into this folder"):
                council_files(shut)
            around = list(_files(settings))
    finally:
        shut.chmod(0o700)
    said = "\n".join(found)
    assert f"SEAL_KEY_FILE lies in {shut / 'data' / 'keys'}, which this user may not enter" in said
    assert f"DATA_DIR is {shut / 'data'}, which this user may not enter" in said
    assert read.field_keys == ()
    assert [one.what for one in around] == ["DATA_DIR"]


def test_no_tables_no_rows_and_no_server_are_said(real, postgres, tmp_path):
    app = real()
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM installation"))
    assert "The database is empty" in said(app)
    values = {"database_url": postgres.create("no_tables")}
    settings = app.extensions["settings"]
    bare = create_app(settings_for(tmp_path, values["database_url"], example=True))
    assert "no tables yet" in said(bare)
    postgres.drop("no_tables")
    assert settings is not None
    nowhere = create_app(
        settings_for(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none", example=True)
    )
    assert "cannot be reached" in said(nowhere)


@pytest.mark.parametrize(
    "command", [["audit", "verify"], ["staff", "list"], ["keys", "rotate"], ["staff", "end", "x"]]
)
def test_commands_refuse_too(real, command):
    app = real()
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    assert "filled as an example area" in done.output
    with app.app_context():
        db.engine.dispose()


def test_installing_with_unsafe_settings_is_refused_in_words(real):
    app = real(smtp_url=None)
    done = app.test_cli_runner().invoke(args=["install"])
    assert done.exit_code == 1
    assert "Error: This installation will not start" in done.output
    assert "SMTP_URL is missing" in done.output
    with app.app_context():
        db.engine.dispose()
