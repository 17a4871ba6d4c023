"""The whole product as people meet it: `flask serve` in a folder of its own, real Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.chromium import launched
from tests.e2e.entering import enter
from tests.e2e.looking import Looked

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery 7"


@dataclass(frozen=True)
class Area:
    """An example area that is being served."""

    url: str
    data_dir: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(data_dir: Path, **more: str) -> Iterator[Area]:
    """`flask serve` on an example area in this folder, with more settings where given."""
    port = free_port()
    environment = os.environ | {
        "DATA_DIR": str(data_dir), "PORT": str(port), "DEMO_PASSWORD": PASSWORD,
    }  # fmt: skip
    for name in ("DATABASE_URL", "SMTP_URL", "EXAMPLE_AREA"):
        environment.pop(name, None)
    log = (data_dir / "serve.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"],
        cwd=ROOT, env=environment | more, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, data_dir / "serve.log")
        yield Area(url, data_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)
        log.close()


@pytest.fixture(scope="package")
def example_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an example area as its first start leaves it; nobody works in this one."""
    folder = tmp_path_factory.mktemp("week")
    with serve(folder):
        pass
    return folder


@pytest.fixture(scope="module")
def area(example_week: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Area]:
    """An example area for one file of tests, which finds nothing that another file left behind."""
    with serve(copy_of(example_week, tmp_path_factory)) as served:
        yield served


def copy_of(example_week: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to work in, but for the worker's bell, which is a pipe and made at each start."""
    target = tmp_path_factory.mktemp("area") / "data"
    return shutil.copytree(example_week, target, ignore=shutil.ignore_patterns("worker.bell"))


def _wait(url: str, process: subprocess.Popen[bytes], log: Path, patience: float = 600) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"flask serve did not come up:\n{log.read_text(errors='replace')}")


# Not for the whole run: Playwright holds an event loop in this thread, and sealing a record needs
# to start one of its own.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=20_000)  # on a busy machine too
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright)
    yield browser
    browser.close()


@pytest.fixture
def new_browser(chromium: Browser, area: Area) -> Iterator[Callable[..., Page]]:
    """`new_browser(scripts=False, width=320)`: a fresh person with no cookies; with `who`, the
    address of a member of staff, somebody who has signed in and sees their first page."""
    opened: list[BrowserContext] = []

    def open_page(
        who: str = "", *, scripts: bool = True, width: int = 1280, height: int = 900
    ) -> Page:
        context = chromium.new_context(
            base_url=area.url,
            java_script_enabled=scripts,
            viewport={"width": width, "height": height},
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(30_000)  # on a busy machine too
        opened.append(context)
        page = context.new_page()
        if who:
            enter(page, area, who)
        return page

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def looked(chromium: Browser, area: Area) -> Iterator[Looked]:
    """Checks a page with axe and at 320 px; see tests.e2e.looking."""
    looking = Looked(chromium, area.url)
    yield looking
    looking.close()
