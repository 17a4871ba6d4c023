"""Uploaded files are looked at by the configured scanner before they are kept (D5)."""

from __future__ import annotations

import socket
import struct
import sys
import threading

import pytest

from app.core.refusal import Refused
from app.core.scanning import Scanner, scanner_problem

INFECTED = b"this stands for a virus"


class Daemon:
    """Speaks clamd's INSTREAM to one caller after another."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.answer = answer
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"clamd://127.0.0.1:{self.server.getsockname()[1]}"
        self.seen = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                self.seen = b""
                while length := struct.unpack("!L", stream.read(4))[0]:
                    self.seen += stream.read(length)
                found = b"stream: Made.Up FOUND\0" if INFECTED in self.seen else b"stream: OK\0"
                connection.sendall(self.answer if self.answer is not None else found)


def scanner_at(address: str | None) -> Scanner:
    scanner = Scanner()
    scanner.use(address)
    return scanner


def test_a_daemon_gets_the_whole_file_and_its_word_counts():
    daemon = Daemon()
    content = b"harmless " * 20_000
    scanner_at(daemon.address).check(content, "file")
    assert daemon.seen == content
    with pytest.raises(Refused) as refused:
        scanner_at(daemon.address).check(content + INFECTED, "file")
    assert refused.value.field == "file"
    assert "virus" in refused.value.message


@pytest.mark.parametrize("answer", [b"stream: size limit exceeded. ERROR\0", b""])
def test_a_file_nobody_could_look_at_is_not_kept(answer):
    with pytest.raises(Refused, match="could not be checked"):
        scanner_at(Daemon(answer).address).check(b"harmless", "file")


def test_a_daemon_that_is_not_there_says_so_and_keeps_nothing():
    with pytest.raises(Refused, match="could not be checked"):
        scanner_at("clamd:///nowhere/clamd.ctl").check(b"harmless", "file")


def test_a_program_reads_the_file_from_its_input():
    said = (
        f"command:{sys.executable} -c 'import sys; sys.exit(b\"virus\" in sys.stdin.buffer.read())'"
    )
    scanner_at(said).check(b"harmless", "file")
    with pytest.raises(Refused, match="virus was found"):
        scanner_at(said).check(INFECTED, "file")
    with pytest.raises(Refused, match="could not be checked"):
        scanner_at(f"command:{sys.executable} -c 'exit(2)'").check(b"harmless", "file")


def test_without_a_scanner_nothing_is_asked():
    scanner_at(None).check(INFECTED, "file")


@pytest.mark.parametrize(
    ("setting", "known"),
    [
        ("clamd:///run/clamav/clamd.ctl", True),
        ("clamd://127.0.0.1:3310", True),
        ("command:clamdscan --no-summary -", True),
        ("clamd://", False),
        ("clamd://host", False),
        ("command:", False),
        ("command:'unbalanced", False),
        ("yes", False),
    ],
)
def test_a_setting_that_names_no_scanner_is_said_at_start(setting, known):
    assert (scanner_problem(setting) is None) is known
