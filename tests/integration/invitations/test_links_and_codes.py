"""Links, codes and guest sessions on both engines (D3)."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.crypto import token_digest
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.invitations import queries, rules, service
from app.invitations.models import AccessCode, GuestSession, Invitation, InvitationLink
from tests.clock import FRIDAY
from tests.factories.mail import DESK

MINUTE = timedelta(minutes=1)
BROWSER = "this-browser"


def invite(*, is_team: bool = False) -> tuple[int, str]:
    with transaction() as session:
        invitation = service.invite(
            session, "Amina Okafor", "amina@police.example", is_team, FRIDAY
        )
        return invitation.id, service.new_link(session, invitation, FRIDAY)


def ask(token: str, browser: str = BROWSER, now=FRIDAY) -> str | None:
    """Ask for a code and read it out of the letter."""
    with transaction() as session:
        made = service.request_code(session, token, browser, DESK, now)
    if made is None or made.invitation_id is None:
        return None
    letter = made.letter
    found = re.search(rb"\r\n {4}(\d{6})\r\n", letter.content)
    assert found
    assert letter.recipient == "amina@police.example"
    return found[1].decode()


def give(token: str, code: str, browser: str = BROWSER, now=FRIDAY) -> str | None:
    with transaction() as session:
        return service.redeem_code(session, token, browser, code, now)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_opens_a_session_once(in_app):
    invitation_id, token = invite()
    code = ask(token)
    opened = give(token, code)
    assert opened
    guest = queries.guest_by_session(reading(), opened, FRIDAY)
    assert guest is not None
    assert guest.invitation_id == invitation_id
    assert not guest.must_introduce
    assert give(token, code) is None


def test_nothing_that_opens_a_door_is_kept_in_clear(in_app):
    _, token = invite()
    code = ask(token)
    opened = give(token, code)
    session = reading()
    assert session.execute(select(InvitationLink.token_digest)).scalar_one() == token_digest(token)
    held = session.execute(select(AccessCode)).scalar_one()
    assert code not in held.code_digest
    assert BROWSER not in held.browser_digest
    assert session.execute(select(GuestSession.token_digest)).scalar_one() != opened


def test_spaces_in_a_typed_code_do_not_matter(in_app):
    _, token = invite()
    code = ask(token)
    assert give(token, f" {code[:3]} {code[3:]} ")


def test_a_code_is_good_for_ten_minutes(in_app):
    _, token = invite()
    code = ask(token)
    assert give(token, code, now=FRIDAY + 10 * MINUTE) is None
    code = ask(token)
    assert give(token, code, now=FRIDAY + 9 * MINUTE)


def test_five_tries_then_even_the_right_code_fails(in_app):
    _, token = invite()
    code = ask(token)
    for _ in range(5):
        assert give(token, wrong(code)) is None
    assert give(token, code) is None


def test_only_the_browser_that_asked(in_app):
    _, token = invite()
    code = ask(token)
    assert give(token, code, browser="another") is None
    assert give(token, code)


def test_only_the_newest_code_of_a_browser_but_each_browser_its_own(in_app):
    _, token = invite()
    first = ask(token)
    elsewhere = ask(token, browser="phone")
    second = ask(token)
    if first != second:
        assert give(token, first) is None
    assert give(token, second)
    assert give(token, elsewhere, browser="phone")


def another_link(invitation_id: int, at: datetime) -> str:
    """That of a newer letter."""
    with transaction() as session:
        return service.new_link(session, session.get_one(Invitation, invitation_id), at)


def asked_by_others(token: str, at: datetime) -> int:
    """How many codes somebody gets who is always a new browser."""
    asked = [ask(token, f"browser {at} {number}", now=at) for number in range(rules.CODES_A_DAY)]
    return len([code for code in asked if code])


def test_no_more_than_four_codes_an_hour_and_the_last_goes_on_working(in_app):
    _, token = invite()
    codes = [ask(token) for _ in range(4)]
    assert ask(token) is None
    assert ask(token, "another browser") is None
    assert give(token, codes[-1])
    assert ask(token, now=FRIDAY + timedelta(hours=1))


@pytest.mark.parametrize("known", (True, False))
def test_a_link_that_finds_nothing_counts_alike(in_app, known):
    token = invite()[1] if known else "no-such-link"
    for number in range(6):
        with transaction() as session:
            made = service.request_code(session, token, f"browser {number}", DESK, FRIDAY)
        assert (made is None) is (number >= 4)


def test_somebody_else_with_the_link_does_not_shut_out_who_came_in_before(in_app):
    invitation_id, token = invite()
    assert give(token, ask(token))
    for hours in range(1, 8):
        at = FRIDAY + timedelta(hours=hours)
        asked_by_others(token, at)
        if hours % 2:
            code = ask(token, now=at)
            assert code and give(token, code, now=at)
    with transaction() as session:
        made = session.query(AccessCode).filter_by(invitation_id=invitation_id).count()
    assert made <= rules.CODES_A_DAY


def test_somebody_else_with_an_older_link_does_not_shut_out_the_newest_letter(in_app):
    """In no browser that was ever seen, and without a mark that could be thrown away."""
    invitation_id, forwarded = invite()
    newest = another_link(invitation_id, FRIDAY + MINUTE)
    for hours in range(1, 5):
        at = FRIDAY + timedelta(hours=hours)
        assert asked_by_others(forwarded, at) == (1 if hours == 4 else 4)  # sixteen in a day
        code = ask(newest, f"new {hours}", now=at)
        assert code and give(newest, code, f"new {hours}", now=at)
    assert asked_by_others(forwarded, FRIDAY + timedelta(hours=9)) == 0


def test_a_newer_letter_brings_a_code_although_the_only_one_before_was_forwarded(in_app):
    invitation_id, forwarded = invite()
    assert asked_by_others(forwarded, FRIDAY) == 4
    newest = another_link(invitation_id, FRIDAY + MINUTE)
    assert ask(newest, "mine", now=FRIDAY + 2 * MINUTE)


def test_what_was_asked_for_by_links_that_were_withdrawn_counts_no_more(in_app):
    """The desk's way out where somebody else has every link: nothing of theirs is kept either."""
    invitation_id, first = invite()
    second = another_link(invitation_id, FRIDAY + MINUTE)
    assert give(second, ask(second, "theirs"), "theirs")
    assert asked_by_others(first, FRIDAY + MINUTE) + asked_by_others(second, FRIDAY + MINUTE) == 3
    with transaction() as session:
        held = session.get_one(Invitation, invitation_id)
        service.withdraw_links(session, held, FRIDAY + 2 * MINUTE)
    fresh = another_link(invitation_id, FRIDAY + 2 * MINUTE)
    at = FRIDAY + 3 * MINUTE
    assert [bool(ask(fresh, "mine", now=at)) for _ in range(5)] == [True] * 4 + [False]
    assert ask(fresh, "theirs", now=at) is None


def test_an_unknown_link_leaves_the_same_row_and_never_opens(in_app):
    with transaction() as session:
        made = service.request_code(session, "no-such-link", BROWSER, DESK, FRIDAY)
        assert made is not None and made.invitation_id is None
    row = reading().execute(select(AccessCode)).scalar_one()
    assert row.invitation_id is None
    for number in range(6):
        assert give("no-such-link", f"{number:06d}") is None
    reading().expire_all()
    assert reading().get_one(AccessCode, row.id).tries == rules.TRIES


@pytest.mark.parametrize("end", ("revoked", "expired", "cancelled"))
def test_an_ended_invitation_looks_like_an_unknown_one(in_app, end):
    invitation_id, token = invite()
    opened = give(token, ask(token))
    code = ask(token)
    with transaction() as session:
        invitation = session.get_one(Invitation, invitation_id)
        if end == "revoked":
            service.revoke(session, invitation, FRIDAY)
        elif end == "expired":
            service.set_expiry(session, invitation, FRIDAY)
        else:
            assert service.cancel(session, invitation, FRIDAY) == 1
    assert queries.invitation_by_token(reading(), token, FRIDAY) is None
    assert queries.guest_by_session(reading(), opened, FRIDAY) is None
    assert give(token, code) is None
    assert ask(token) is None


def test_earlier_links_go_on_working(in_app):
    invitation_id, first = invite()
    with transaction() as session:
        second = service.new_link(session, session.get_one(Invitation, invitation_id), FRIDAY)
    for token in (first, second):
        found = queries.invitation_by_token(reading(), token, FRIDAY)
        assert found is not None
        assert found.id == invitation_id


def test_guest_session_is_left_idle_touched_and_ended(in_app):
    _, token = invite()
    opened = give(token, ask(token))
    late = FRIDAY + 31 * MINUTE
    assert queries.guest_by_session(reading(), opened, late) is None
    with transaction() as session:
        guest = queries.guest_by_session(session, opened, FRIDAY + 20 * MINUTE)
        assert service.touch(session, guest, FRIDAY + 20 * MINUTE)
    guest = queries.guest_by_session(reading(), opened, late)
    assert guest is not None
    with transaction() as session:
        assert not service.touch(session, guest, FRIDAY + 20 * MINUTE)
        service.end_session(session, guest, late)
    assert queries.guest_by_session(reading(), opened, late) is None


def test_a_team_says_who_it_is(in_app):
    _, token = invite(is_team=True)
    opened = give(token, ask(token))
    guest = queries.guest_by_session(reading(), opened, FRIDAY)
    assert guest.must_introduce
    with pytest.raises(Refused, match="name"), transaction() as session:
        service.introduce(session, guest, " ", "DS", FRIDAY)
    with transaction() as session:
        service.introduce(session, guest, "Jo\r\nLee", "Duty detective sergeant", FRIDAY)
    guest = queries.guest_by_session(reading(), opened, FRIDAY)
    assert not guest.must_introduce
    assert guest.person_name == "Jo Lee"
    assert guest.actor.label == f"invited person (session {guest.session_id})"


@pytest.mark.parametrize("email", ("", "amina", "a@b.example\r\nBcc: x@y.example", "a b@c.example"))
def test_an_address_that_cannot_be_used_is_refused_by_its_field(in_app, email):
    with pytest.raises(Refused) as refusal, transaction() as session:
        service.invite(session, "Amina", email, False, FRIDAY)
    assert refusal.value.field == "email"


def test_two_changes_at_once_each_get_a_sequence_of_their_own(app):
    with app.app_context():
        invitation_id, _ = invite()
    numbers: list[int] = []
    start = threading.Barrier(2)

    def change() -> None:
        with app.app_context():
            start.wait(10)
            with transaction() as session:
                invitation = session.get_one(Invitation, invitation_id)
                numbers.append(service.next_sequence(session, invitation))
            db.session.remove()

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers) == [1, 2]


def test_two_guesses_at_once_are_both_counted(app):
    with app.app_context():
        _, token = invite()
        code = ask(token)
    start = threading.Barrier(2)

    def guess() -> None:
        with app.app_context():
            start.wait(10)
            give(token, wrong(code))
            db.session.remove()

    threads = [threading.Thread(target=guess) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with app.app_context():
        assert reading().execute(select(AccessCode.tries)).scalar_one() == 2
