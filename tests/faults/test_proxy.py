"""The proxy's configuration that we ship, in a real nginx before the real web server (I2)."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FIELD_KEY, migrate, settings_for
from tests.faults.processes import PATIENCE, ROOT, Processes, free_port

pytestmark = pytest.mark.long

NAME = "desk.council.example"
TOKEN = "a-link-of-somebody-invited"
# As people write them, as scanners do, and as a mail program spoils them.
LINKS = ("/i/{}", "/i/{}/record", "//i/{}", "/i//{}", "/%69/{}", "/x/../i/{}", "/I/{}", "/r/{}",
         "/refer/back/{}", "/feedback/{}", "/wall/open/{}", "/sign-in?next={}")  # fmt: skip


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port where nginx ends TLS, and the folder of its logs."""
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    settings = settings_for(tmp_path, url)
    migrate(settings)
    web = Processes(
        {
            "EXAMPLE_AREA": "1", "DATA_DIR": str(tmp_path), "DATABASE_URL": url, "PROXIES": "1",
            "SECRET_KEY": settings.secret_key, "FIELD_KEYS": FIELD_KEY,
        },
        tmp_path / "web.log",
    )  # fmt: skip
    plain, ended = free_port(), free_port()
    configuration = _as_shipped(tmp_path, web.port, plain, ended)
    try:
        web.start("web")
        web.wait_for_web()
        process = subprocess.Popen(
            [
                _nginx(tmp_path),
                "-c",
                configuration,
                "-e",
                tmp_path / "start.log",
                "-g",
                "daemon off;",
            ]
        )
        try:
            _wait_for(ended)
            yield ended, tmp_path
        finally:
            process.terminate()
            process.wait(PATIENCE)
    finally:
        web.kill_all()


def _nginx(folder: Path) -> Path:
    """Debian's, taken out of its package where this machine has none: installed, it would serve."""
    if installed := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        return Path(installed)
    # Read by a user of apt's own, who may not look into a folder of root's.
    kept = Path(tempfile.mkdtemp(dir="/var/tmp"))
    kept.chmod(0o777)
    subprocess.run(["apt-get", "update", "-q"], check=True, capture_output=True)
    subprocess.run(
        ["apt-get", "download", "-q", "nginx"], cwd=kept, check=True, capture_output=True
    )
    (package,) = kept.glob("nginx_*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder / "debian"], check=True)
    shutil.rmtree(kept)
    return folder / "debian" / "usr" / "sbin" / "nginx"


def _as_shipped(folder: Path, web: int, plain: int, ended: int) -> Path:
    """The shipped file with ports, certificate and logs of here, and nothing else changed."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem",
         "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"],
        check=True, capture_output=True,
    )  # fmt: skip
    said = (ROOT / "docs/production/nginx.conf").read_text(encoding="utf-8")
    for shipped, here in (
        (f"/etc/letsencrypt/live/{NAME}", str(folder)),
        ("/var/log/nginx", str(folder)),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{ended} ssl"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{web}"),
    ):
        assert shipped in said, shipped
        said = said.replace(shipped, here)
    (folder / "desk.conf").write_text(re.sub(r"listen \[::\].*", "", said), encoding="utf-8")
    main = folder / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    kept = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    main.write_text(
        f"pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;\n"
        f"user root; events {{}} http {{ access_log off;\n{kept}\ninclude {folder}/desk.conf; }}\n",
        encoding="utf-8",
    )
    return main


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "nginx did not come up"
            time.sleep(0.05)


def _ask(port: int, folder: Path, path: str) -> int:
    trusting = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    connection = http.client.HTTPSConnection(NAME, port, timeout=PATIENCE)
    connection.sock = trusting.wrap_socket(
        socket.create_connection(("127.0.0.1", port), PATIENCE), server_hostname=NAME
    )
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_what_it_lets_through_and_what_it_writes_down(proxied: tuple[int, Path]) -> None:
    port, folder = proxied
    assert _ask(port, folder, "/sign-in") == 200
    assert _ask(port, folder, "/metrics") == 404
    for link in LINKS:
        assert _ask(port, folder, link.format(TOKEN)) < 500, link
    logs = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.log")}
    assert '"GET /sign-in" 200' in logs["desk.log"]
    assert [name for name, said in logs.items() if TOKEN in said] == []
