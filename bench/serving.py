"""The product and a bare Flask hello on the same server, to be asked in turn."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
HELLO = """
from flask import Flask
app = Flask(__name__)
@app.get("/hello")
def hello():
    return "hello"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def gunicorn(target: str, folder: Path, **environment: str) -> Iterator[int]:
    """One single-thread worker serving `target`; yields its port once it answers."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", target, "--workers", "1", "--bind",
         f"127.0.0.1:{port}", "--log-level", "error", "--no-control-socket"],
        cwd=folder, env=os.environ | environment,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def hello(folder: Path) -> Iterator[int]:
    """The bare Flask application that every page is compared with."""
    (folder / "bare_hello.py").write_text(HELLO)
    with gunicorn("bare_hello:app", folder) as port:
        yield port


def ask(port: int, path: str, cookie: str = "") -> tuple[float, int, bytes]:
    """Seconds, status and body of one GET on a connection of its own."""
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return time.perf_counter() - started, answer.status, body


class Taken(NamedTuple):
    """Seconds of one page: its median, and that of its quickest tenth, when nothing else ran."""

    median: float
    quick: float


def timed(calls: dict[str, tuple[int, str, str]], rounds: int = 120) -> dict[str, Taken]:
    """Each named (port, path, cookie), asked in turn so that noise is shared."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 10):
        for name, (port, path, cookie) in calls.items():
            seconds, status, _ = ask(port, path, cookie)
            if status != 200:
                raise RuntimeError(f"{name} answered {status} for {path}")
            if turn >= 10:
                taken[name].append(seconds)
    return {
        name: Taken(statistics.median(times), statistics.median(sorted(times)[: rounds // 10]))
        for name, times in taken.items()
    }
