"""An empty Debian in a folder (debootstrap), with this machine's package sources and certificates,
and nothing else of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MOUNTS = ("dev", "proc")


@pytest.fixture
def empty_debian() -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.fail("Making an empty Debian takes root: run bin/test --long as root.")
    # Not where the other tests work: that may be memory, and programs must be allowed to run here.
    root = Path(tempfile.mkdtemp(prefix="debian-", dir="/var/tmp"))
    root.chmod(0o755)
    packages = "python3,git,ca-certificates"
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    codename = re.search(r"VERSION_CODENAME=(\w+)", release)
    assert codename, "this system does not say which Debian it is"
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={packages}", codename[1], str(root)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _same_sources(root)
    for name in MOUNTS:
        subprocess.run(["mount", "--bind", f"/{name}", str(root / name)], check=True)
    try:
        yield root
    finally:
        for name in reversed(MOUNTS):
            subprocess.run(["umount", "--lazy", str(root / name)], check=False)
        if not any(os.path.ismount(root / name) for name in MOUNTS):
            shutil.rmtree(root, ignore_errors=True)


def _same_sources(root: Path) -> None:
    for name in ("etc/apt", "etc/ssl/certs", "usr/local/share/ca-certificates"):
        if Path("/", name).is_dir():
            subprocess.run(["cp", "-aT", f"/{name}", str(root / name)], check=True)
    for name in ("etc/pip.conf", "etc/resolv.conf", "etc/hosts"):
        if Path("/", name).is_file():
            (root / name).unlink(missing_ok=True)
            shutil.copy(Path("/", name), root / name)


def of_this_network() -> dict[str, str]:
    """What a command in there needs of the environment to reach package servers."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.endswith(("_BUNDLE", "_CERT", "_CERTS", "_CERT_FILE", "_CERT_DIR", "_proxy"))
        or name == "PIP_DEFAULT_TIMEOUT"
    } | {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
