"""The product and a bare Flask hello on the same server, to be asked in turn."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
UNIT = ROOT / "docs/production/desk-web.service"
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


def as_in_use(port: int) -> list[str]:
    """What the unit of production starts, with all that it says, on this port."""
    (started,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(), re.MULTILINE)
    program, *arguments = shlex.split(started)
    arguments[arguments.index("--bind") + 1] = f"127.0.0.1:{port}"
    return [Path(program).name, *arguments]


class Served(NamedTuple):
    port: int
    pid: int  # of the leader, which started the one that answers


@contextmanager
def gunicorn(target: str, folder: Path, **environment: str) -> Iterator[int]:
    """One single-thread worker serving `target`; yields its port once it answers."""
    with served(target, folder, **environment) as here:
        yield here.port


@contextmanager
def served(target: str, folder: Path, **environment: str) -> Iterator[Served]:
    """As `gunicorn`, for who wants to know the process as well."""
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
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def processes_under(pid: int) -> list[int]:
    """The processes that a process started, and what they started."""
    found = []
    for words in _of_tasks(pid, "children"):
        for child in words.split():
            found += [int(child), *processes_under(int(child))]
    return found


def _of_tasks(pid: int, name: str) -> list[str]:
    """What the system says of each task of a process; of one that has ended, nothing."""
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found.append((task / name).read_text())
    return found


def processor_seconds(pids: Iterable[int]) -> float:
    """What these processes have computed so far, without what they waited for: on a machine with
    other work, that alone tells one page from another."""
    return sum(int(one.split()[0]) for pid in pids for one in _of_tasks(pid, "schedstat")) / 1e9


def wait_until_asleep(pids: Iterable[int]) -> None:
    """Until these processes have done what they still do after an answer."""
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R":
                time.sleep(0.0005)


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
