"""Recovery codes, a new telephone, a reset by another, everybody signed out (H1), both engines."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts import offered, second_factor
from app.accounts.browsers import browser_words
from app.accounts.models import Staff, StaffSession
from app.accounts.recovery.models import RecoveryCode
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading, transaction
from app.outbox.models import OutboxMessage
from tests.factories.accounts import make_staff, sign_in_as
from tests.integration.accounts.conftest import PASSWORD, SECRET


@pytest.fixture
def browser(app, person):
    found = app.test_client()
    with app.app_context():
        sign_in_as(found, person[0])
    return found


def post(client, path, **fields):
    page = client.get(fields.pop("page", path)).text
    hidden = dict(re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
    return client.post(path, data={**hidden, **fields})


def made(browser) -> list[str]:
    page = post(browser, "/account/recovery-codes").text
    return re.findall(r"<code[^>]*>([0-9-]+)</code>", page)


def sign_in(client, email, typed):
    first = post(client, "/sign-in", email=email, password=PASSWORD)
    return post(client, first.location, code=typed) if first.status_code == 303 else first


def rows(app, statement):
    with app.app_context():
        return list(reading().execute(statement).scalars())


def actions(app):
    return rows(app, select(AuditEntry.action).order_by(AuditEntry.id))


def letters(app):
    return rows(app, select(OutboxMessage.subject).order_by(OutboxMessage.id))


def test_a_recovery_code_opens_the_account_once_and_its_owner_is_told(app, browser, person):
    codes = made(browser)
    assert len(codes) == len(set(codes)) == 10
    elsewhere = app.test_client()
    done = sign_in(elsewhere, person[1], codes[3].replace("-", " "))
    assert (done.status_code, done.location) == (303, "/")
    assert "used up, and 9 more will work" in elsewhere.get("/").text
    assert actions(app)[-1] == "signed in with a recovery code"
    assert letters(app) == [
        "New recovery codes for your account", "A recovery code of your account was used",
    ]  # fmt: skip
    assert "9 left" in browser.get("/account").text
    again = sign_in(app.test_client(), person[1], codes[3])
    assert again.status_code == 422
    assert len(letters(app)) == 2


def test_whoever_runs_low_is_told_at_once_to_make_new_ones(app, browser, person):
    codes = made(browser)
    with app.app_context(), transaction() as session:
        used = [row.id for row in session.scalars(select(RecoveryCode).order_by(RecoveryCode.id))]
        session.execute(
            update(RecoveryCode).where(RecoveryCode.id.in_(used[:7])).values(used_at=now())
        )
    for code, said in (
        (codes[7], "2 more will work: make new ones on the page of your account"),
        (codes[9], "1 more will work: make new ones"),
        (codes[8], "That was your last recovery code: make new ones"),
    ):
        elsewhere = app.test_client()
        sign_in(elsewhere, person[1], code)
        assert said in elsewhere.get("/").text


def test_codes_are_shown_once_and_nowhere_kept(app, browser, person):
    codes = made(browser)
    assert not any(code in browser.get("/account/recovery-codes").text for code in codes)
    held = rows(app, select(RecoveryCode))
    written = repr([(row.digest, row.id) for row in held]) + repr(rows(app, select(AuditEntry)))
    assert not any(code.replace("-", "") in written for code in codes)


def test_a_new_set_takes_the_place_of_the_old(app, browser, person):
    former, present = made(browser), made(browser)
    assert sign_in(app.test_client(), person[1], former[0]).status_code == 422
    assert sign_in(app.test_client(), person[1], present[0]).status_code == 303


def test_a_code_of_somebody_else_opens_nothing(app, browser, person, password_hash):
    codes = made(browser)
    with app.app_context(), transaction() as session:
        other = make_staff(session, Role.CHAIR)
        other.password_hash, other.totp_secret = password_hash, SECRET
        email = other.email
    assert sign_in(app.test_client(), email, codes[0]).status_code == 422


def test_wrong_recovery_codes_count_towards_the_pause(app, browser, person):
    made(browser)
    for _ in range(4):
        assert sign_in(app.test_client(), person[1], "0000-0000-0000").status_code == 422
    assert sign_in(app.test_client(), person[1], "0000-0000-0000").location.startswith("/sign-in?")
    assert actions(app)[-1] == "sign-in refused, account paused"


def test_before_a_second_factor_is_confirmed_no_recovery_code_opens_anything(app, browser, person):
    codes = made(browser)
    with app.app_context(), transaction() as session:
        session.execute(update(Staff).values(totp_confirmed_at=None))
    assert sign_in(app.test_client(), person[1], codes[0]).status_code == 422


def test_a_recovery_code_does_where_password_and_code_are_asked_again(app, browser, person):
    [code, *_others] = made(browser)
    with app.app_context(), transaction() as session:
        session.execute(update(StaffSession).values(reauthenticated_at=None))
    right = post(browser, "/session/again", password=PASSWORD, code=code, next="/account")
    assert right.location == "/account"
    assert actions(app)[-1] == "password and recovery code given again"


def test_a_new_telephone_takes_the_place_of_the_old_and_ends_other_sessions(app, browser, person):
    other = app.test_client()
    with app.app_context():
        sign_in_as(other, person[0])
    page = browser.get("/account/second-factor").text
    secret = re.search(r'app-reference">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    sealed = re.search(r'name="offered" value="([^"]+)"', page)[1]
    code = second_factor.code_at(secret, second_factor.step_of(now()))
    path = "/account/second-factor"
    assert b"<svg" in browser.get(f"{path}/picture?offered={sealed}").data
    assert browser.get(f"{path}/picture?offered=other").status_code == 404
    wrong = post(browser, path, offered=sealed, code="000000")
    assert wrong.status_code == 422
    assert secret[:4] in wrong.text  # the same picture: nothing has to be scanned again
    assert post(browser, path, offered=sealed, code=code).location == "/account"
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    [held] = rows(app, select(Staff))
    assert held.totp_secret == secret
    assert letters(app) == ["Your account has a new second factor"]


def test_an_offer_is_for_one_person_and_a_quarter_of_an_hour(in_app):
    sealed = offered.seal(1, SECRET, now())
    assert offered.opened(sealed, 1, now()) == SECRET
    assert offered.opened(sealed, 2, now()) is None
    assert offered.opened(sealed, 1, now() + timedelta(minutes=16)) is None
    assert offered.opened("anything", 1, now()) is None


def test_another_system_administrator_resets_it_with_a_reason(app, browser, person, signed_in):
    made(browser)
    admin = signed_in(Role.SYSTEM)
    path = f"/staff/{person[0]}/second-factor"
    assert "Enter the reason" in post(admin, path, reason=" ").text
    done = post(admin, path, reason="Telephone stolen, called back")
    assert done.location == f"/staff/{person[0]}"
    assert browser.get("/account").status_code == 303
    assert letters(app)[-1] == "The second factor of your account was reset"
    [entry] = rows(app, select(AuditEntry).where(AuditEntry.action == "second factor reset"))
    assert entry.details["reason"] == "Telephone stolen, called back"
    assert rows(app, select(RecoveryCode)) == []
    assert post(app.test_client(), "/sign-in", email=person[1], password=PASSWORD).location == (
        "/sign-in/second-factor"
    )


def test_nobody_resets_their_own_second_factor(app, signed_in):
    admin = signed_in(Role.SYSTEM)
    [own] = rows(app, select(Staff.id))
    answer = post(admin, f"/staff/{own}/second-factor", reason="It is mine")
    assert answer.status_code == 422
    assert "Another system administrator" in answer.text
    assert rows(app, select(Staff))[0].totp_confirmed_at is not None


def test_everybody_is_signed_out_but_who_does_it(app, browser, signed_in):
    admin = signed_in(Role.SYSTEM)
    done = post(admin, "/staff/sign-out-everybody", reason="A laptop was stolen")
    assert done.location == "/staff/"
    assert browser.get("/account").status_code == 303
    assert admin.get("/staff/").status_code == 200
    run = app.test_cli_runner().invoke
    assert run(args=["staff", "sign-out", "--everybody"]).exit_code == 2
    both = run(args=["staff", "sign-out", "--everybody", "--reason", "Breach"])
    assert "Sessions ended: 1." in both.output
    assert admin.get("/staff/").status_code == 303


def test_one_person_is_signed_out_by_command(app, browser, person):
    done = app.test_cli_runner().invoke(args=["staff", "sign-out", person[1]])
    assert "Sessions ended: 1." in done.output
    assert browser.get("/account").status_code == 303


def test_every_other_browser_of_ones_own_is_signed_out(app, browser, person):
    others = [app.test_client() for _ in range(2)]
    with app.app_context():
        for other in others:
            sign_in_as(other, person[0])
    done = post(browser, "/account/sessions/end-others", page="/account")
    assert done.location == "/account"
    assert [other.get("/account").status_code for other in others] == [303, 303]
    assert browser.get("/account").status_code == 200


def test_a_session_says_which_browser_and_from_where(app, person):
    client = app.test_client()
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    client.environ_base["HTTP_USER_AGENT"] = agent
    client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    code = second_factor.code_at(SECRET, second_factor.step_of(now()))
    assert sign_in(client, person[1], code).status_code == 303
    assert "Firefox on Windows, 192.0.2.7" in client.get("/account").text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605", "Safari on Mac"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) CriOS/142.0 Safari/604", "Chrome on iPhone"),
        ("", "A browser"),
    ],
)
def test_browsers_are_known_by_their_marks(agent, words):
    assert browser_words(agent) == words
