"""The README's first command in an empty Debian: debootstrap into a folder, chroot, bin/serve."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.conftest import free_port
from tests.faults.conftest import of_this_network

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900  # seconds: downloads, pip, the example week

pytestmark = pytest.mark.long


def _start(root: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    environment = of_this_network() | {"PORT": str(port)}
    with log.open("ab") as output:
        return subprocess.Popen(
            ["chroot", str(root), "/srv/product/bin/serve"],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            process_group=0,
        )  # fmt: skip


def _wait(port: int, process: subprocess.Popen[bytes], log: Path, patience: float) -> float:
    started = time.monotonic()
    while time.monotonic() < started + patience:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return time.monotonic() - started
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"bin/serve did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def _seconds_to_load(root: Path) -> float:
    started = time.monotonic()
    load = "cd /srv/product && DATA_DIR=instance .venv/bin/flask worker --help"
    subprocess.run(["chroot", str(root), "sh", "-c", load], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=60)


def test_bin_serve_installs_everything_and_starts_again_with_nothing_lost(
    empty_debian: Path, tmp_path: Path
) -> None:
    product = empty_debian / "srv" / "product"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(product)], check=True)
    log, port = tmp_path / "serve.log", free_port()
    process = _start(empty_debian, port, log)
    try:
        _wait(port, process, log, PATIENCE)
        assert "Password for all of them" in log.read_text()
    finally:
        _stop(process)
    database = product / "instance" / "strategy.sqlite3"
    size = database.stat().st_size
    loading = _seconds_to_load(empty_debian)
    process = _start(empty_debian, port, log)
    try:
        took = _wait(port, process, log, 60)
    finally:
        _stop(process)
    assert database.stat().st_size >= size
    # Little more than loading the product, which takes as long as the machine is busy.
    loading = max(loading, _seconds_to_load(empty_debian))
    assert took < 2 * loading, f"the second start took {took:.1f} s, loading {loading:.1f} s"
