"""Trying again, giving up, and the way out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.smtp_address import NotAServer, read_url
from app.outbox import rules, transport
from app.outbox.rules import Reply
from app.outbox.transport import file_name
from tests.clock import FRIDAY


@pytest.mark.parametrize(
    ("code", "reply"),
    ((250, Reply.TAKEN), (550, Reply.REFUSED), (552, Reply.REFUSED), (554, Reply.REFUSED),
     (421, Reply.LATER), (450, Reply.LATER), (452, Reply.LATER), (530, Reply.LATER),
     (503, Reply.LATER), (-1, Reply.LATER), (999, Reply.LATER)),
)  # fmt: skip
def test_what_a_reply_means(code, reply):
    assert rules.meaning(code) is reply


def test_pauses_grow_and_stay_within_bounds():
    plain = [rules.pause(tries, 0.5) for tries in range(1, 30)]
    assert plain[0] == timedelta(seconds=20)
    assert plain[1] == timedelta(seconds=40)
    assert plain == sorted(plain)
    assert plain[-1] == rules.LONGEST_PAUSE
    assert rules.pause(3, 0.0) < rules.pause(3, 0.5) < rules.pause(3, 0.999)


def test_gives_up_after_48_hours_and_a_code_after_ten_minutes():
    assert not rules.gives_up("invitation", FRIDAY, FRIDAY + timedelta(hours=47))
    assert rules.gives_up("invitation", FRIDAY, FRIDAY + timedelta(hours=48))
    assert not rules.gives_up("code", FRIDAY, FRIDAY + timedelta(minutes=9))
    assert rules.gives_up("code", FRIDAY, FRIDAY + timedelta(minutes=10))


def test_a_long_pause_does_not_run_past_the_moment_from_which_it_serves_nobody():
    half_an_hour = timedelta(minutes=30)
    assert rules.until_next_try(half_an_hour, None, FRIDAY) == half_an_hour
    near = FRIDAY + timedelta(minutes=20)
    assert rules.until_next_try(half_an_hour, near, FRIDAY) == timedelta(minutes=10)
    assert rules.until_next_try(timedelta(minutes=1), near, FRIDAY) == timedelta(minutes=1)
    # Not faster and faster: the last pause runs out, and it is given up.
    assert rules.until_next_try(half_an_hour, FRIDAY, FRIDAY) == rules.FIRST_PAUSE


def test_mail_server_addresses():
    plain = read_url("smtp://relay.example.org")
    assert (plain.host, plain.port, plain.tls) == ("relay.example.org", 25, "starttls")
    full = read_url("smtps://desk%40example.org:p%3Ass@relay.example.org")
    assert (full.port, full.tls, full.user, full.password) == (
        465, "at once", "desk@example.org", "p:ss",
    )  # fmt: skip
    assert read_url("smtp://127.0.0.1:2525").tls == "none"
    assert read_url("smtp://[::1]:2525").loopback
    assert not read_url("smtp://127.0.0.1.example.org").loopback
    assert read_url("smtp://relay.example.org:25?tls=none").tls == "none"


@pytest.mark.parametrize(
    "url",
    ("http://x.example", "smtp://", "relay.example.org:25", "smtp://x.example:0",
     "smtp://x.example:port", "smtp://u:p@relay.example.org?tls=none"),
)  # fmt: skip
def test_a_mail_server_address_that_cannot_be_used_is_refused(url):
    with pytest.raises(NotAServer, match="SMTP_URL"):
        read_url(url)


@pytest.mark.parametrize(
    "message_id", ("<../../etc/passwd@example.org>", "<.hidden@example.org>", "x", "<a/b@c>", "")
)
def test_a_message_id_never_becomes_a_path(message_id):
    name = file_name(message_id)
    assert len(name) == 68
    assert name.removesuffix(".eml").isalnum()


def test_the_same_message_has_the_same_file():
    assert file_name("<0a1b2c@example.org>") == "0a1b2c.eml"


def test_a_claim_outlives_the_slowest_letter_and_little_more():
    # MAIL, RCPT, DATA and the end of it; on the other side, making the connection.
    assert timedelta(seconds=4 * transport.SECONDS) <= rules.ONE_LETTER < rules.CLAIM
    assert timedelta(seconds=7 * transport.GREETING) < rules.CLAIM
    assert timedelta(minutes=2) > rules.CLAIM
    assert not rules.must_renew(FRIDAY + rules.CLAIM, FRIDAY)
    assert rules.must_renew(FRIDAY + rules.CLAIM, FRIDAY + rules.CLAIM - rules.ONE_LETTER * 0.9)
