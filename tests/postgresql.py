"""A private PostgreSQL for one test run: its own folder, its own socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    if path := shutil.which("initdb"):
        return Path(path).resolve().parent
    raise RuntimeError("PostgreSQL's server programs are missing: bin/test installs them.")


class PrivatePostgres:
    """`with PrivatePostgres() as server: server.url("name")`. Refuses to run as root by itself,
    so root starts it as the `postgres` user that Debian's package makes."""

    def __init__(
        self,
        keeps_commits: bool = False,
        where: Path | None = None,
        locale: tuple[str, str] = ("C.UTF-8", "UTF8"),
        as_in_use: bool = False,
    ) -> None:
        """With `keeps_commits` what is committed outlives `stop("immediate")`, as in use. `where`
        is the folder to lie in, where not the one for what is thrown away; `locale` is the
        cluster's own, with its encoding. `as_in_use`: as slow as it comes, for what is measured."""
        self.locale, self.encoding = locale
        quick = FAST | ({"synchronous_commit": "on"} if keeps_commits else {})
        self.settings = {} if as_in_use else quick
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=where))
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.as_user:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def __enter__(self) -> Self:
        self._run(
            "initdb",
            "-D",
            str(self.folder / "cluster"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            self.encoding,
            f"--locale={self.locale}",
            "--no-sync",
        )
        self.start()
        return self

    def start(self) -> None:
        settings = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        self._run(
            "pg_ctl",
            "-D",
            str(self.folder / "cluster"),
            "-w",
            "-l",
            str(self.folder / "log"),
            "-o",
            f"-k {self.folder} -c listen_addresses='' -c max_connections=200 {settings}",
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "cluster"), "-w", "-m", mode, "stop")

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create(self, name: str, template: str = "template1") -> str:
        with self._admin() as connection:
            # Files are copied as they are, at half the time; before 15 there was no other way.
            how = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{how}')
        return self.url(name)

    def drop(self, name: str) -> None:
        with self._admin() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self.as_user, str(_binaries() / program), *arguments],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
        )
