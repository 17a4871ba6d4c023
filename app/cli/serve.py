"""`flask serve`: the example area, web and worker, on loopback (I1). bin/serve ends here."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

import click
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.cli.example.people import STAFF
from app.cli.install import bring_up_to_date
from app.core.clock import now
from app.core.config import Settings, make_example_keys
from app.core.installation import is_example
from app.core.session import reading

HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds for the first page
ROOT = Path(__file__).resolve().parents[2]


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
    app = create_app(settings)
    with app.app_context():
        bring_up_to_date(app)
        password = _fill(app, reading())
    _print_sign_ins(port, password)
    sys.exit(_run_until_stopped(port))


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


def _fill(app: Flask, session: Session) -> str | None:
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


def _run_until_stopped(port: int) -> int:
    """Serve until a signal comes or one of the two processes ends. Returns the exit code."""
    # The control socket would lie in the home folder, one for all installations of this user.
    web = _start("-m", "gunicorn", "wsgi:app", "--workers", "2", "--bind", f"{HOST}:{port}",
                 "--log-level", "warning", "--timeout", "60", "--no-control-socket")  # fmt: skip
    worker = _start("-m", "flask", "worker")
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if _wait_for_first_page(port, web):
        click.echo("Ready. Stop with Ctrl+C; nothing is lost.")
    while not stopping and web.poll() is None and worker.poll() is None:
        time.sleep(0.2)
    ended = next((name for name, p in (("web", web), ("worker", worker)) if p.poll()), None)
    for process in (web, worker):
        if process.poll() is None:
            process.terminate()
    for process in (web, worker):
        process.wait(timeout=30)
    if ended and not stopping:
        click.echo(f"The {ended} process ended by itself; what it said stands above.", err=True)
        return 1
    return 0


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    # A new process group: Ctrl+C reaches this process, which then stops the two in order.
    return subprocess.Popen(  # noqa: S603  # the program is this very Python
        [sys.executable, *arguments], cwd=ROOT, process_group=0
    )


def _wait_for_first_page(port: int, web: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and web.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False
