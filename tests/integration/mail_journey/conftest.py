"""The journey is played once on each engine; the tests of all files look at what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from app import create_app
from app.core.session import db
from tests.conftest import ENGINES, settings_for
from tests.integration.mail_journey.journey import Player
from tests.integration.mail_journey.seen import Journey, everything_logged
from tests.postgresql import PrivatePostgres
from tests.smtp import mail_server


@pytest.fixture(scope="session", params=ENGINES)
def journey(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("journey")
    server: PrivatePostgres | None = None
    if request.param == "sqlite":
        target = folder / "strategy.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), target)
        url = f"sqlite:///{target}"
    else:
        server = request.getfixturevalue("postgres")
        url = server.create("mail_journey", request.getfixturevalue("postgres_template"))
    played = Journey()
    with mail_server() as mailbox:
        app = create_app(settings_for(folder, url, smtp_url=mailbox.url))
        with everything_logged(played):
            Player(app, mailbox, played).play()
    with app.app_context():
        db.engine.dispose()
    yield played
    if server is not None:
        server.drop("mail_journey")
