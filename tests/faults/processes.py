"""A real web server and a real worker as processes of their own, which can be killed."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # a busy machine takes a minute for what is done in three seconds


class NoAnswer(Exception):
    """The connection broke before the whole answer was there: what became of it is not known."""


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str


class Browser:
    """Somebody signed in, over real HTTP. One connection for each request."""

    # What stands in every request beside the cookies.
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, port: int, cookies: dict[str, str]) -> None:
        self._port = port
        self._cookies = dict(cookies)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = self.headers | {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{method} {path}") from error
        finally:
            connection.close()
        for given in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(given).items():
                self._cookies[name] = morsel.value
        return Answer(response.status, response.headers.get("Location", ""), text)


@dataclass
class Processes:
    """`gunicorn wsgi:app` and `flask worker` with these settings. Each is the leader of a process
    group, so that a kill reaches the web server's own workers as well."""

    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=lambda: free_port())
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    # Loaded once and forked: half of what a start costs, where hundreds follow each other.
    web: tuple[str, ...] = ("wsgi:app", "--preload", "--workers", "2")

    def start(self, name: str) -> None:
        arguments = {
            "web": ["gunicorn", *self.web, "--no-control-socket",
                    "--bind", f"127.0.0.1:{self.port}"],
            "worker": ["flask", "worker"],
        }[name]  # fmt: skip
        with self.log.open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=os.environ | self.environment | {"BASE_URL": f"http://127.0.0.1:{self.port}"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for_web(self) -> None:
        """Until the first page can be had."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.running["web"].poll() is None:
            try:
                if Browser(self.port, {}).get("/health").status == 200:
                    return
            except NoAnswer:
                time.sleep(0.05)
        ended = self.running["web"].poll()
        raise RuntimeError(f"The web server is not up ({ended}):\n{self.log.read_text()[-5000:]}")

    def kill(self, name: str) -> None:
        """At once and without a word, as a machine that fails: the leader and all it started."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)

    def stop(self, name: str) -> int:
        """As an operator stops it. Returns the exit code."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(PATIENCE)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `flask` command with the same settings."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def kill_all(self) -> None:
        for name in list(self.running):
            self.kill(name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
