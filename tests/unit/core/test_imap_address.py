"""The address of the mailbox is looked at before anything starts (I2)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.imap_address import NotAMailbox, read_url

CANNOT_BE_READ = "IMAP_URL cannot be read: give imaps://user:password@host/INBOX."


def settings(imap_url: str | None, *, example: bool = False) -> Settings:
    read = Settings.read({"DATA_DIR": "/nowhere", "EXAMPLE_AREA": "1" if example else ""})
    return replace(read, imap_url=imap_url, data_dir=Path("/nowhere"))


def named(imap_url: str | None, *, example: bool = False) -> list[str]:
    problems = settings(imap_url, example=example).problems()
    return [one for one in problems if "IMAP_URL" in one]


@pytest.mark.parametrize(
    "url",
    [
        "https://a:secret-word@host.example/",
        "imaps://host.example/INBOX",
        "imaps://a@host.example/INBOX",
        "imaps://a:secret-word@host.example:99999/",
        "imaps://a:secret-word@host.example:0/",
        "imaps://a:secret-word@[::1/INBOX",
        "INBOX",
    ],
)
def test_what_is_no_mailbox_is_named_at_start_without_its_password(url: str) -> None:
    assert named(url) == [CANNOT_BE_READ]
    assert named(url, example=True) == [CANNOT_BE_READ]


def test_a_password_never_travels_in_the_clear() -> None:
    [problem] = named("imap://a:b@host.example/INBOX?tls=none")
    assert "without TLS" in problem
    assert read_url("imap://a:b@host.example").tls == "starttls"
    assert read_url("imap://a:b@127.0.0.1").tls == "none"


def test_the_example_area_reads_no_real_mailbox() -> None:
    [problem] = named("imaps://a:b@host.example/INBOX", example=True)
    assert "beyond this machine" in problem
    assert named("imap://a:b@127.0.0.1:1143/INBOX", example=True) == []


def test_a_mailbox_that_may_be_read() -> None:
    url = "imaps://a%40b.example:p%2Fw@host.example/Answers"
    assert named(url) == named(None) == []
    place = read_url(url)
    assert (place.user, place.password, place.port, place.folder, place.tls) == (
        "a@b.example",
        "p/w",
        993,
        "Answers",
        "at once",
    )
    with pytest.raises(NotAMailbox):
        read_url(url, loopback_only=True)
