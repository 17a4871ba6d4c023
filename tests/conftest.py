"""What every test may ask for: an application on SQLite and on PostgreSQL, a signed-in browser."""

from __future__ import annotations

import gc
import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session

from app import create_app
from app.accounts.types import Role
from app.cli.install import bring_up_to_date
from app.core.config import Settings
from app.core.crypto import new_field_key
from app.core.installation import install
from app.core.session import db, transaction
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff, sign_in_as
from tests.made_once import made_once
from tests.postgresql import PrivatePostgres

FIELD_KEY = new_field_key()
ENGINES = ("sqlite", "postgresql")
_numbers = itertools.count(1)

# How long an example takes to think of says how busy the machine is, and nothing of the product.
hypothesis_settings.register_profile(
    "whatever the load", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("whatever the load")


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: looking through it for garbage, over and over,
    was an eighth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


def settings_for(data_dir: Path, database_url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "example": True,
        "data_dir": data_dir,
        "database_url": database_url,
        "secret_key": "for-tests-" + "k" * 30,
        "field_keys": (FIELD_KEY,),
        "base_url": "http://desk.example.org",
        "smtp_url": None,
        "mail_from": "rna-desk@example.org",
        "protocols_dir": None,
        "seal_key_file": data_dir / "keys" / "seal-key.pem",
        "seal_cert_file": data_dir / "keys" / "seal-cert.pem",
        "log_json": False,
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


def migrate(settings: Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        bring_up_to_date(app)
        with transaction() as session:
            install(session, example=True, now=FRIDAY)
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def made_once_a_run() -> Iterator[None]:
    """Most of what an application costs, said once: see `tests.made_once`."""
    with made_once():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    target = folder / "template.sqlite3"
    migrate(settings_for(folder, f"sqlite:///{target}"))
    return target


@pytest.fixture(scope="session")
def postgres_template(postgres: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = postgres.create("template_migrated")
    migrate(settings_for(tmp_path_factory.mktemp("pg"), url))
    return "template_migrated"


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each test that touches the database runs on both engines."""
    name: str = request.param
    return name


@contextmanager
def copied(template: Path | str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database of its own: of a SQLite file, or of a database of PostgreSQL."""
    if isinstance(template, Path):
        target = folder / "strategy.sqlite3"
        shutil.copy(template, target)
        yield f"sqlite:///{target}"
        return
    server: PrivatePostgres = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    yield server.create(name, template)
    server.drop(name)


@pytest.fixture
def template(engine_name: str, request: pytest.FixtureRequest) -> Path | str:
    """What a test begins with: the schema, and the installation row."""
    found: Path | str = request.getfixturevalue(
        "sqlite_template" if engine_name == "sqlite" else "postgres_template"
    )
    return found


@pytest.fixture
def database_url(
    template: Path | str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """A fresh, migrated database with nothing in it but the installation row."""
    with copied(template, tmp_path, request) as url:
        yield url


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(settings_for(tmp_path, database_url))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """For services and queries without a request: `with transaction() as session:` works."""
    with app.app_context():
        yield app


@pytest.fixture
def change(app: Flask) -> Callable[[], object]:
    """`with change() as session:` one transaction in an app context of its own."""

    @contextmanager
    def opened() -> Iterator[Session]:
        with app.app_context(), transaction() as session:
            yield session

    return opened


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., FlaskClient]:
    """`signed_in(Role.CHAIR)`: a browser of somebody with these roles, both factors given."""

    def open_browser(*roles: Role) -> FlaskClient:
        browser = app.test_client()
        with app.app_context():
            with transaction() as session:
                staff = make_staff(session, *roles)
                staff_id = staff.id
            sign_in_as(browser, staff_id)
        return browser

    return open_browser
