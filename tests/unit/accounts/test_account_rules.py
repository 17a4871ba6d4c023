"""Sessions, pauses, passwords, codes: pure (H1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import extract_parameters

from app.accounts import passwords, rules, second_factor
from app.accounts.types import Permission, Role, WhyOver
from app.core.refusal import Refused
from tests.clock import FRIDAY

# RFC 6238's own secret, "12345678901234567890", in base 32.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def over(last_seen=timedelta(0), started=timedelta(0), ended=None):
    return rules.why_over(
        FRIDAY, started=FRIDAY - started, last_seen=FRIDAY - last_seen, ended=ended
    )


def test_a_session_lasts_fifteen_idle_minutes_and_twelve_hours():
    second = timedelta(seconds=1)
    assert over(last_seen=timedelta(minutes=15)) is None
    assert over(last_seen=timedelta(minutes=15) + second) is WhyOver.IDLE
    assert over(started=timedelta(hours=12)) is None
    assert over(started=timedelta(hours=12) + second) is WhyOver.LONG
    assert over(ended=FRIDAY) is WhyOver.ENDED


def test_password_and_code_again_hold_for_five_minutes():
    assert rules.is_fresh(FRIDAY, FRIDAY - timedelta(minutes=5))
    assert not rules.is_fresh(FRIDAY, FRIDAY - timedelta(minutes=5, seconds=1))
    assert not rules.is_fresh(FRIDAY, None)


def test_the_fifth_wrong_try_pauses_for_fifteen_minutes():
    assert rules.pause_until(4, FRIDAY) is None
    until = rules.pause_until(5, FRIDAY)
    assert until == FRIDAY + timedelta(minutes=15)
    assert rules.is_paused(until - timedelta(seconds=1), until)
    assert not rules.is_paused(until, until)


def test_every_permission_is_given_to_somebody():
    assert set(rules.ALLOWED) == set(Permission)
    assert all(rules.ALLOWED.values())


def test_who_sees_no_case():
    """The analyst and the system administrator, by their roles alone (H2)."""
    open_to_both = {Permission.SIGNED_IN, Permission.RECORD_VERIFY, Permission.PROTOCOL_SEE}
    figures = {Permission.DATASET_SEE, Permission.QUALITY_SEE}
    for permission in Permission:
        assert rules.may([Role.ANALYST], permission) == (permission in open_to_both | figures)
    extra = {
        Permission.STAFF_MANAGE, Permission.AUDIT_SEE, Permission.WALL_MANAGE,
        # By reference alone: what was opened, and what nearly went wrong with the installation.
        Permission.GLASS_REVIEW, Permission.NEAR_MISS_REVIEW,
        # Agencies and lines are theirs to keep; a case opens to them with a reason alone.
        Permission.DIRECTORY_EDIT, Permission.GLASS_BREAK,
    }  # fmt: skip
    for permission in Permission:
        assert rules.may([Role.SYSTEM], permission) == (permission in open_to_both | extra)


def test_who_reads_a_case_behind_glass_alone():
    """The system administrator, what a case says, and nothing that changes it (H2)."""
    reads = {Permission.REFERRAL_SEE, Permission.DISCUSSION_SEE, Permission.RECORD_SEE}
    for permission in Permission:
        assert rules.may_behind_glass([Role.SYSTEM], permission) == (permission in reads)
        assert not rules.may_behind_glass([Role.ANALYST], permission)
        assert not rules.may_behind_glass([Role.SYSTEM, Role.CHAIR], permission)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("elevenchars", "12 characters"),
        ("helen is at work", "without your name"),
        ("a-marsh-is-wet", "without your name"),
        ("hm.desk-desk-desk", "without your name"),
        ("aaaaaaaaaaaab", "more different"),
    ],
)
def test_passwords_that_will_not_do(password, word):
    found = rules.password_problem(password, "hm.desk@council.example", "Helen Marsh")
    assert word in found


def test_passwords_that_will_do():
    assert rules.password_problem("four words that differ", "a@b.example", "Helen Marsh") is None


def test_hashes_fit_their_password_alone_and_are_argon2id():
    held = passwords.hash_password("caf\u00e9 four words")
    assert held.startswith("$argon2id$")
    assert passwords.is_right(held, "cafe\u0301 four words")  # the same, typed another way
    assert not passwords.is_right(held, "cafe four words")
    assert not passwords.is_right(None, "cafe four words")
    assert not passwords.is_right("not a hash", "not a hash")
    assert not passwords.is_right(held, "x" * 100_000)


def test_nobody_takes_the_same_work_as_somebody(monkeypatch):
    """One Argon2 hash each, of the same memory and rounds: the time follows from that."""
    held = passwords.hash_password("four words that differ")
    hasher, verified = passwords._hasher(), []

    class Counted:
        def verify(self, target, password):
            verified.append(extract_parameters(target))
            return hasher.verify(target, password)

    passwords.is_right(None, "the first builds the hash of nobody")
    monkeypatch.setattr(passwords, "_hasher", Counted)
    assert not passwords.is_right(held, "wrong words that differ")
    assert not passwords.is_right(None, "wrong words that differ")
    somebody, nobody = verified
    assert somebody == nobody


def test_a_chosen_password_differs_from_the_one_before():
    before = passwords.hash_password("four words that differ")
    with pytest.raises(Refused, match="not the one you have now"):
        passwords.hash_chosen(
            "four words that differ", email="a@b.example", name="Helen", before=before
        )
    chosen = passwords.hash_chosen(
        "some other words here", email="a@b.example", name="Helen", before=before
    )
    assert passwords.is_right(chosen, "some other words here")


def test_one_time_passwords_can_be_read_out_and_would_do():
    one, two = passwords.new_one_time_password(), passwords.new_one_time_password()
    assert one != two
    assert len(one) == 19
    assert not set(one) & set("il1o0")


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(seconds, code):
    """RFC 6238, appendix B, the last six of its eight digits."""
    assert second_factor.code_at(RFC_SECRET, seconds // 30) == code


def test_a_code_is_taken_one_step_early_or_late_and_never_twice():
    step = second_factor.step_of(FRIDAY)

    def tried(offset, last=None):
        code = second_factor.code_at(RFC_SECRET, step + offset)
        return second_factor.matching_step(RFC_SECRET, code, FRIDAY, last)

    assert [tried(offset) for offset in (-2, -1, 0, 1, 2)] == [None, step - 1, step, step + 1, None]
    assert tried(0, last=step) is None
    assert tried(-1, last=step) is None
    assert tried(1, last=step) == step + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "12 34"])
def test_what_is_no_code_is_wrong(typed):
    assert second_factor.matching_step(RFC_SECRET, typed, FRIDAY, None) is None


def test_a_code_may_be_typed_with_spaces():
    code = second_factor.code_at(RFC_SECRET, second_factor.step_of(FRIDAY))
    typed = f" {code[:3]} {code[3:]} "
    assert second_factor.matching_step(RFC_SECRET, typed, FRIDAY, None) is not None


def test_the_picture_carries_the_address_and_no_style():
    address = second_factor.address_for_app(RFC_SECRET, "a+b@council.example", "Strategy")
    assert address.startswith("otpauth://totp/Strategy:a%2Bb%40council.example?secret=")
    picture = second_factor.picture(address)
    assert b"<svg" in picture
    assert b"style" not in picture
    assert b"script" not in picture
    assert second_factor.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
