"""`flask serve`: the example area, web and worker, on loopback (I1). bin/serve ends here."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextvars import Context
from multiprocessing.process import BaseProcess
from types import FrameType

import click
from flask import Flask, current_app
from sqlalchemy.orm import Session

from app import create_app
from app.cli.checked import checked
from app.cli.example.first_start import FirstStart
from app.cli.example.people import STAFF
from app.cli.install import bring_up_to_date
from app.cli.worker import work
from app.core.clock import now
from app.core.config import SETTINGS, Settings, UnsafeSettings, make_example_keys
from app.core.installation import is_example
from app.core.session import reading

HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds for the first page


@click.command("serve")
def serve() -> None:
    """Fill the example area at the first start, then serve it at http://127.0.0.1:PORT."""
    os.environ["EXAMPLE_AREA"] = "1"
    os.environ.pop("DATABASE_URL", None)
    port = _port()
    data_dir = Settings.read().data_dir
    _refuse_a_taken_port(port)
    make_example_keys(data_dir)
    settings = Settings.read()
    try:
        settings.require_safe()
    except UnsafeSettings as unsafe:
        raise click.ClickException(str(unsafe)) from unsafe
    first = FirstStart(settings.data_dir, settings.database_url)
    first.clear()
    app = _application(settings)
    with app.app_context():
        bring_up_to_date(app)
        password = _fill(app, reading(), first)
    checked(app)  # and leaves no connection open that two processes would share
    _print_sign_ins(port, password)
    first.done()
    sys.exit(_run_until_stopped(app, port))


def _application(settings: Settings) -> Flask:
    """The one that `flask` has loaded, unless that one has no keys yet: at the first start."""
    if current_app and SETTINGS.here() == settings:
        loaded: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's
        return loaded
    return create_app(settings)


def _port() -> int:
    typed = os.environ.get("PORT") or "8000"
    if not typed.isdigit() or not 0 < int(typed) < 65536:
        raise click.ClickException(f"PORT is {typed!r}: give a number between 1 and 65535.")
    return int(typed)


def _refuse_a_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} is taken by another program. Choose one: PORT=8001 bin/serve"
            ) from error


def _fill(app: Flask, session: Session, first: FirstStart) -> str | None:
    """Fill an empty database; returns the password when it was filled now."""
    held = is_example(session)
    if held is False:
        raise click.ClickException(
            "This database holds real cases: bin/serve is for the example area only. "
            "Set DATA_DIR to a folder of its own."
        )
    session.rollback()
    if held:
        return None
    first.begin()
    from app.cli.example.week import fill

    click.echo("Filling the example area: a busy week in a borough that does not exist ...")
    password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9)
    fill(app, password, now())
    return password


def _print_sign_ins(port: int, password: str | None) -> None:
    click.echo(f"\n  http://{HOST}:{port}\n")
    for person in STAFF:
        roles = ", ".join(role.label for role in person.roles)
        click.echo(f"  {person.email:<32} {person.name:<14} {roles}")
    if password is not None:
        click.echo(f"\n  Password for all of them: {password}   (shown this once)")
    else:
        click.echo("\n  The password is the one printed at the first start.")
    click.echo("  Second-factor codes stand on the sign-in page. Mail is shown at /example/mail.\n")


def _run_until_stopped(app: Flask, port: int) -> int:
    """Serve until a signal comes or one of the two processes ends. Returns the exit code."""
    web = _start("web", lambda: _serve_pages(app, port))
    worker = _start("worker", lambda: work(app))
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if _wait_for_first_page(port, web):
        click.echo("Ready. Stop with Ctrl+C; nothing is lost.")
    while not stopping and web.is_alive() and worker.is_alive():
        time.sleep(0.2)
    ended = next((process.name for process in (web, worker) if not process.is_alive()), None)
    for process in (web, worker):
        process.terminate()
    for process in (web, worker):
        process.join(timeout=30)
    if ended and not stopping:
        click.echo(f"The {ended} process ended by itself; what it said stands above.", err=True)
        return 1
    return 0


def _start(name: str, run: Callable[[], None]) -> BaseProcess:
    """A process that has everything loaded already: loading is most of what a start costs."""

    def run_in_own_group() -> None:
        # Ctrl+C reaches the parent alone, which then stops the two in order.
        os.setpgid(0, 0)
        # Not inside the command's application context, which all requests would share.
        Context().run(run)

    process = multiprocessing.get_context("fork").Process(target=run_in_own_group, name=name)
    process.start()
    return process


def _serve_pages(app: Flask, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Pages(BaseApplication):  # type: ignore[misc]  # gunicorn comes without types
        def load_config(self) -> None:
            for name, value in {
                "bind": f"{HOST}:{port}",
                "workers": 2,
                "loglevel": "warning",
                "timeout": 60,
                # It would lie in the home folder, one for all installations of this user.
                "control_socket_disable": True,
            }.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    Pages().run()


def _wait_for_first_page(port: int, web: BaseProcess) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and web.is_alive():
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False
