"""The chair's page in real Chromium: a server that can be cut, and people signed in to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.factories.accounts import sign_in_as


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """The test says what matters."""


class Serving:
    """The application at an address of its own, which may be away for a while."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", self._port, self._app, threaded=True, request_handler=Quiet
        )
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


def sign_in(app: Flask, context: BrowserContext, address: str, staff_id: int) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in_as(client, staff_id)
    cookie = client.get_cookie("desk")
    assert cookie
    context.add_cookies([{"name": "desk", "value": cookie.value, "url": address}])


@contextmanager
def hearing_nothing(page: Page) -> Iterator[None]:
    """Others' words come in every ten seconds: not here, so that two write in one field at once
    however long the steps before take."""
    page.route("**/hold/changes?*", lambda route: route.abort())
    yield
    page.unroute("**/hold/changes?*")
