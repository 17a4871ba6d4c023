"""docs/production.md, followed in an empty Debian to a working sign-in on PostgreSQL (I2).

The commands are those of the document, in its order; what stands in for systemd, which a chroot has
not, starts what the shipped units say, as the user that they say.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from app.accounts import second_factor
from app.core.clock import now
from tests.e2e.conftest import free_port
from tests.faults.conftest import of_this_network
from tests.faults.processes import Answer, Browser, NoAnswer
from tests.page_form import form_of

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh( systemd)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UPGRADE = re.compile(r"^```sh upgrade( systemd)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# How far back the database is taken, as the version before left it: migrations.
OLDER = 3
# What a chroot cannot show: a relay, a proxy and a name of the council's own.
NOT_HERE = {"mail server", "address"}
PASSWORD = "four words that differ"

pytestmark = pytest.mark.long


def test_the_document_leads_to_a_sign_in(empty_debian: Path) -> None:
    follow(empty_debian)


def follow(root: Path) -> None:
    """Every command of the document, then a sign-in, a backup, a drill, a restore, an upgrade."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root / "opt/desk")], check=True)
    said = ""
    document = (root / "opt/desk/docs/production.md").read_text(encoding="utf-8")
    blocks = BLOCK.findall(document)
    assert len(blocks) >= 12
    starts_nothing(root)
    try:
        for systemd, commands in blocks:
            if "nginx -t" in commands:
                certificate(root)
            if not systemd:
                said += run(root, commands)
            elif "postgresql" in commands:
                # Its socket alone: the network is that of this machine.
                run(root, "pg_ctlcluster $(pg_lsclusters -h | cut -d' ' -f1,2) start "
                          "-- -o '-c listen_addresses='")  # fmt: skip
        password = re.search(r"password[^\n]*:\s*(\S+)", said, re.IGNORECASE)
        assert password, said
        for command in of_unit(root, "desk-backup", "ExecStart"):
            as_unit(root, command)
        with unit(root, "desk-web") as port, unit(root, "desk-worker"):
            sign_in(port, "you@council.example", password[1])
            well_but_for(root, NOT_HERE)
        assert "The drill went well" in run(root, "desk backup drill")
        run(root, "runuser -u postgres -- dropdb desk\n" + creating(document))
        restored = run(root, "desk restore /var/backups/desk/*.backup")
        assert "Restored and verified" in restored
        assert "Mail leaves again" in run(root, "desk mail release --review")
        upgrade(root, document, password[1])
    finally:
        run(root, "pg_ctlcluster $(pg_lsclusters -h | cut -d' ' -f1,2) stop -m immediate || true")


def upgrade(root: Path, document: str, one_time: str) -> None:
    """Somebody signs in on the version before; the document's upgrade; they sign in again.

    There is one version of the files here: what was before it is the database alone, taken back to
    how former versions left it, once it was backed up and all was stopped.
    """
    email = "you@council.example"
    with unit(root, "desk-web") as port, unit(root, "desk-worker"):
        secret, step = sign_in(port, email, one_time)
    backups = set((root / "var/backups/desk").glob("*.backup"))
    blocks = UPGRADE.findall(document)
    assert [bool(systemd) for systemd, _commands in blocks] == [False, True, False, True]
    for systemd, commands in blocks:
        if not systemd:
            run(root, commands)
        elif "systemctl stop" in commands:
            assert len(set((root / "var/backups/desk").glob("*.backup")) - backups) == 1
            run(root, f"desk db downgrade -- -{OLDER}")
            assert "(head)" not in run(root, "desk db current")
    assert "(head)" in run(root, "desk db current")
    assert "desk doctor" in blocks[-1][1]
    with unit(root, "desk-web") as port, unit(root, "desk-worker"):
        sign_in_again(port, email, secret, step)
        well_but_for(root, NOT_HERE)
    assert run(root, "desk audit verify")


def well_but_for(root: Path, not_here: set[str]) -> None:
    """`desk doctor` finds nothing else to mend, as soon as the worker has gone round."""
    for _ in range(20):
        findings = json.loads(run(root, "desk doctor --json || true"))
        wrong = [one for one in findings if one["verdict"] == "mend"]
        if "worker" not in {one["what"] for one in wrong}:
            break
    assert {one["what"] for one in wrong} <= not_here, wrong


def starts_nothing(root: Path) -> None:
    """What a package would start by itself would serve on the ports of this machine."""
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)


def certificate(root: Path) -> None:
    """In the place of one that an authority gives."""
    said = (root / "etc/nginx/sites-available/desk").read_text(encoding="utf-8")
    names = re.findall(r"^ *ssl_certificate(?:_key)? (\S+);$", said, re.MULTILINE)
    chain, key = names
    run(root, f"mkdir -p {Path(chain).parent}\n"
              f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
              f"-subj /CN=desk.council.example -keyout {key} -out {chain}")  # fmt: skip


def creating(document: str) -> str:
    """The document's own line that makes the database."""
    return next(line for line in document.splitlines() if "-- createdb" in line)


def run(root: Path, commands: str) -> str:
    done = subprocess.run(
        ["chroot", str(root), "sh", "-euc", commands],
        # Without a locale, as such a machine is where nobody chose one.
        env=of_this_network() | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def of_unit(root: Path, name: str, key: str) -> list[str]:
    words = (root / "etc/systemd/system" / f"{name}.service").read_text(encoding="utf-8")
    # As systemd reads it: a dollar of the command's own is written twice.
    return [one.replace("$$", "$") for one in re.findall(rf"^{key}=(.*)$", words, re.MULTILINE)]


def as_unit(root: Path, command: str) -> str:
    return run(root, f"set -a; . /etc/desk/desk.env; cd /opt/desk; runuser -u desk -- {command}")


@contextmanager
def unit(root: Path, name: str) -> Iterator[int]:
    """What the unit starts, with its settings and as its user; for the pages, on a free port."""
    port = free_port()
    (command,), (user,) = of_unit(root, name, "ExecStart"), of_unit(root, name, "User")
    (settings,) = of_unit(root, name, "EnvironmentFile")
    command = command.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    log = root / "tmp" / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["chroot", str(root), "sh", "-euc", f"set -a; . {settings}; cd /opt/desk; "
             f"exec runuser -u {user} -- {command}"],
            env=of_this_network(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            process_group=0,
        )  # fmt: skip
    try:
        yield wait(port, process, log) if name == "desk-web" else port
        assert process.poll() is None, log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def wait(port: int, process: subprocess.Popen[bytes], log: Path) -> int:
    for _ in range(600):
        try:
            if ask(port).get("/health").status == 200:
                return port
        except NoAnswer:
            time.sleep(0.1)
        assert process.poll() is None, log.read_text()
    raise AssertionError(f"The pages did not come up:\n{log.read_text()}")


class Proxied(Browser):
    """A browser behind the proxy of the document, which ends TLS and says so."""

    headers: ClassVar[dict[str, str]] = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
    }


def ask(port: int) -> Proxied:
    return Proxied(port, {})


def sign_in(port: int, email: str, one_time: str) -> tuple[str, int]:
    """The first sign-in, as the person who was added does it. Returns the secret of the second
    factor, and the step whose code was used."""
    browser = ask(port)

    def send(path: str, **fields: str) -> Answer:
        page = browser.get(path)
        return browser.post(path, form_of(page.text, path) | fields)

    then = send("/sign-in", email=email, password=one_time)
    assert (then.status, then.location) == (303, "/sign-in/password"), then.text
    then = send(then.location, password=PASSWORD, again=PASSWORD)
    assert (then.status, then.location) == (303, "/sign-in/second-factor"), then.text
    secret = re.search(r"app-reference\">([A-Z2-7 ]+)<", browser.get(then.location).text)
    assert secret
    held, step = secret[1].replace(" ", ""), second_factor.step_of(now())
    then = send(then.location, code=second_factor.code_at(held, step))
    assert then.status == 303, then.text
    page = browser.get(then.location)
    assert page.status == 200
    assert "Sign out" in page.text
    return held, step


def sign_in_again(port: int, email: str, secret: str, used: int) -> None:
    """With one's own password and the second factor, whose codes count once each."""
    browser = ask(port)
    page = browser.get("/sign-in")
    fields = form_of(page.text, "/sign-in") | {"email": email, "password": PASSWORD}
    then = browser.post("/sign-in", fields)
    assert then.status == 303, then.text
    step = max(second_factor.step_of(now()), used + 1)
    fields = form_of(browser.get(then.location).text, then.location)
    then = browser.post(then.location, fields | {"code": second_factor.code_at(secret, step)})
    assert then.status == 303, then.text
    assert "Sign out" in browser.get(then.location).text
