"""Single sign-on against a real provider over HTTP: who gets in, and every answer that must not
let anybody in (H1)."""

from __future__ import annotations

import base64
import dataclasses
import hmac
import json
import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts import second_factor
from app.accounts.models import Staff, StaffSession
from app.accounts.passwords import hash_password
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading, transaction
from app.core.sign_on import SignOn
from app.outbox.models import OutboxMessage
from tests.factories.accounts import make_staff
from tests.openid import CLIENT, SECRET, query_of, running_provider, signing_key

TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "four words that differ"


@pytest.fixture
def provider():
    with running_provider() as found:
        yield found


@pytest.fixture
def engine_name():
    """What a provider answers does not depend on the database."""
    return "sqlite"


@pytest.fixture
def use(app, provider):
    """Settings that ask this provider; its second factor counts where it says `mfa`."""

    def configure(**changes):
        held = SignOn(provider.issuer, CLIENT, SECRET, "council sign-on", frozenset({"mfa"}), False)
        app.extensions["settings"] = dataclasses.replace(
            app.extensions["settings"], sign_on=dataclasses.replace(held, **changes)
        )

    configure()
    return configure


@pytest.fixture
def person(app, provider, use):
    """A chair whom the provider knows, with a second factor: their number."""
    with app.app_context(), transaction() as session:
        staff = make_staff(session, Role.CHAIR)
        staff.totp_secret = TOTP
        provider.email, provider.amr = staff.email.upper(), ["pwd", "mfa"]
        return staff.id


def go(client, provider, start="/sign-on/?next=/account"):
    """Press the button, sign in at the provider, come back."""
    there = client.get(start)
    assert there.status_code == 303, there.text
    return client.get(provider.answer(there.location))


def rows(app, statement):
    with app.app_context():
        return list(reading().execute(statement).scalars())


def actions(app):
    return rows(app, select(AuditEntry.action).order_by(AuditEntry.id))


def is_in(client):
    return client.get("/account").status_code == 200


def forgery_token(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def test_whom_the_provider_knows_gets_in_and_is_bound(app, client, provider, person):
    done = go(client, provider)
    assert (done.status_code, done.location) == (303, "/account")
    assert is_in(client)
    asked = provider.asked
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) > 30 < len(asked["nonce"])
    [held] = rows(app, select(Staff))
    assert held.sign_on_subject == f"{provider.issuer} subject-1"
    assert actions(app) == ["single sign-on linked", "signed in with single sign-on"]
    assert rows(app, select(OutboxMessage.subject)) == ["Your account is linked to single sign-on"]
    # From now on the subject counts, whatever becomes of the address.
    provider.email, provider.email_verified = "other@council.example", False
    again = app.test_client()
    go(again, provider)
    assert is_in(again)


def test_the_providers_second_factor_counts_only_where_the_settings_say(
    app, client, provider, use, person
):
    provider.amr = ["pwd"]
    assert go(client, provider).location == "/sign-in/code"
    assert not is_in(client)
    page = client.get("/sign-in/code")
    typed = second_factor.code_at(TOTP, second_factor.step_of(now()))
    done = client.post("/sign-in/code", data={"csrf_token": forgery_token(page), "code": typed})
    assert done.location == "/account"
    assert is_in(client)
    provider.amr = ["pwd", "mfa"]
    use(second_factor=frozenset())
    other = app.test_client()
    assert go(other, provider).location == "/sign-in/code"


def test_nobody_gets_an_account_by_signing_on(app, client, provider, person):
    provider.email = "somebody@council.example"
    answer = go(client, provider)
    assert answer.status_code == 422
    assert "you have no account here" in answer.text
    assert len(rows(app, select(Staff))) == 1
    assert actions(app) == ["single sign-on refused"]


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_was_not_verified_binds_nobody(app, client, provider, person, verified):
    provider.email_verified = verified
    answer = go(client, provider)
    assert answer.status_code == 422
    assert "does not say that your email address was confirmed" in answer.text
    assert not is_in(client)


def test_an_address_given_to_somebody_new_does_not_open_the_old_account(
    app, client, provider, person
):
    go(client, provider)
    provider.subject = "subject-2"
    other = app.test_client()
    assert go(other, provider).status_code == 422
    assert not is_in(other)


def test_a_client_registered_anew_knows_people_by_other_subjects(app, client, provider, person):
    go(client, provider)
    provider.subject = "subject-2"
    other = app.test_client()
    assert go(other, provider).status_code == 422
    with app.app_context():
        refused = reading().execute(select(AuditEntry).order_by(AuditEntry.id.desc())).scalars()
        assert refused.first().details == {"why": "linked to another subject"}
    args = ["staff", "forget-sign-on", "--everybody", "--reason", "A new client"]
    done = app.test_cli_runner().invoke(args=args)
    assert done.output == "Accounts that the next single sign-on links anew: 1.\n"
    assert not is_in(client)
    go(other, provider)
    assert is_in(other)
    assert actions(app).count("single sign-on linked") == 2


def test_who_has_left_is_not_let_in(app, client, provider, person):
    go(client, provider)
    with app.app_context(), transaction() as session:
        session.execute(update(Staff).values(ended_at=now()))
    other = app.test_client()
    assert go(other, provider).status_code == 422


def claim(**changes):
    return lambda _header, claims: claims.update(changes)


BENT = {
    "wrong nonce": claim(nonce="another nonce, of another sign-on"),
    "no nonce": lambda _header, claims: claims.pop("nonce"),
    "wrong audience": claim(aud=["another-client"]),
    "several audiences": claim(aud=[CLIENT, "another-client"]),
    "for another party": claim(aud=[CLIENT, "another-client"], azp="another-client"),
    "wrong issuer": claim(iss="https://evil.example"),
    "expired": claim(exp=int(time.time()) - 3600),
    "no expiry": lambda _header, claims: claims.pop("exp"),
    "from the future": claim(iat=int(time.time()) + 3600, nbf=int(time.time()) + 3600),
    "no subject": lambda _header, claims: claims.pop("sub"),
    "subject is no text": claim(sub=["subject-1"]),
}


@pytest.mark.parametrize("bent", BENT)
def test_a_bent_identity_lets_nobody_in(app, client, provider, person, bent):
    provider.lie = BENT[bent]
    answer = go(client, provider)
    assert answer.status_code == 400, bent
    assert "could not be trusted" in answer.text
    assert not is_in(client)
    assert rows(app, select(StaffSession.id)) == []


def test_a_forged_signature_lets_nobody_in(app, client, provider, person):
    provider.sign_with = signing_key("another")
    assert go(client, provider).status_code == 400
    assert not is_in(client)


def packed(part: object) -> bytes:
    body = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(body).rstrip(b"=")


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_key_that_everybody_can_read_signs_nothing(client, provider, person, algorithm):
    """The public key taken for a shared secret, or no signature at all (RFC 8725, 3.1)."""

    def forge(claims):
        said = packed({"alg": algorithm, "kid": "one"}) + b"." + packed(claims)
        made = hmac.digest(provider.key.as_pem(private=False), said, "sha256")
        return (said + b"." + (packed(made) if algorithm == "HS256" else b"")).decode()

    provider.forge = forge
    assert go(client, provider).status_code == 400
    assert not is_in(client)


def test_an_answer_counts_once(app, client, provider, person):
    there = client.get("/sign-on/")
    back = provider.answer(there.location)
    with client.session_transaction() as cookie:
        held = dict(cookie)
    assert client.get(back).status_code == 303
    assert is_in(client)
    other = app.test_client()
    assert other.get(back).status_code == 400  # not begun in that browser
    with other.session_transaction() as cookie:
        cookie.update(held)  # even with everything that the first browser held
    assert other.get(back).status_code == 400
    assert not is_in(other)


def test_the_answer_of_another_browser_or_another_start_is_refused(app, client, provider, person):
    """Somebody is sent a link that would sign them in as somebody else (RFC 6749, 10.12)."""
    other = app.test_client()
    foreign = provider.answer(other.get("/sign-on/").location)
    client.get("/sign-on/")
    assert client.get(foreign).status_code == 400
    assert not is_in(client)


def test_a_code_without_its_verifier_is_worth_nothing(app, client, provider, person):
    there = client.get("/sign-on/")
    back = provider.answer(there.location)
    with client.session_transaction() as cookie:
        cookie["sign_on"] = cookie["sign_on"] | {"verifier": "v" * 64}
    assert client.get(back).status_code == 400


@pytest.mark.parametrize("named", ["https://evil.example", None])
def test_an_answer_of_another_provider_is_refused(app, client, provider, person, named):
    """Mix-up (RFC 9207): who says that it names itself must be named in each answer."""
    there = client.get("/sign-on/")
    back = provider.answer(there.location).replace(f"&iss={provider.issuer}", "")
    assert client.get(back + (f"&iss={named}" if named else "")).status_code == 400
    assert provider.codes  # the code was not even shown to our provider


def test_a_provider_that_does_not_name_itself_is_known_by_its_identity(client, provider, person):
    provider.names_itself = False
    assert go(client, provider).status_code == 303


def test_who_says_no_at_the_provider_is_not_let_in(client, provider, person):
    asked = query_of(client.get("/sign-on/").location)
    path = f"/sign-on/callback?error=access_denied&state={asked['state']}&iss={provider.issuer}"
    refused = client.get(path)
    assert refused.status_code == 400
    assert "Council sign-on did not let you in" in refused.text
    assert "could not be trusted" not in refused.text


def test_who_takes_too_long_is_told_so_and_comes_where_they_were_going(client, provider, person):
    asked = query_of(client.get("/sign-on/?next=/account").location)
    with client.session_transaction() as cookie:
        long_ago = (now() - timedelta(minutes=11)).isoformat()
        cookie["sign_on"] = cookie["sign_on"] | {"at": long_ago}
    path = f"/sign-on/callback?code=any&state={asked['state']}&iss={provider.issuer}"
    late = client.get(path)
    assert late.status_code == 400
    assert "took longer than 10 minutes" in late.text
    assert 'href="/sign-in?next=/account"' in late.text


def test_a_provider_that_is_down_is_said_and_passwords_still_work(app, client, use):
    use(issuer="http://127.0.0.1:9")
    answer = client.get("/sign-on/?next=/account")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "sign in with a password" in answer.text
    assert 'href="/sign-in?next=/account"' in answer.text


def test_a_provider_under_another_name_is_refused(client, provider, use):
    use(issuer=provider.issuer.replace("127.0.0.1", "localhost"))
    assert client.get("/sign-on/").status_code == 503


def test_without_the_settings_there_is_no_single_sign_on(client):
    assert client.get("/sign-on/").status_code == 404
    assert client.get("/sign-on/callback?code=x").status_code == 404
    assert "/sign-on/" not in client.get("/sign-in").text


def test_nobody_is_sent_to_another_site(client, provider, person):
    assert go(client, provider, "/sign-on/?next=https://evil.example/").location == "/"


def age_reauthentication(app):
    with app.app_context(), transaction() as session:
        session.execute(update(StaffSession).values(reauthenticated_at=None))


def test_what_matters_asks_the_provider_again(app, client, provider, person):
    go(client, provider)
    assert client.get("/account/recovery-codes").location.startswith("/session/again?next=")
    page = client.get("/session/again?next=/account/recovery-codes")
    assert 'href="/sign-on/again?next=/account/recovery-codes"' in page.text
    assert "password" not in re.findall(r'type="(\w+)"', page.text)
    done = go(client, provider, "/sign-on/again?next=/account/recovery-codes")
    assert (provider.asked["prompt"], provider.asked["max_age"]) == ("login", "0")
    assert done.location == "/account/recovery-codes"
    assert client.get("/account/recovery-codes").status_code == 200
    assert actions(app)[-1] == "single sign-on given again"


def test_a_provider_that_did_not_ask_again_is_not_believed(app, client, provider, person):
    go(client, provider)
    provider.signed_in_ago, provider.ignores_prompt = 3600, True
    answer = go(client, provider, "/sign-on/again?next=/account/recovery-codes")
    assert answer.status_code == 400
    provider.lie = lambda _header, claims: claims.pop("auth_time")
    assert go(client, provider, "/sign-on/again").status_code == 400
    assert client.get("/account/recovery-codes").status_code == 303
    assert "<title>That did not work" in answer.text  # they are signed in still
    assert 'href="/session/again?next=/account/recovery-codes"' in answer.text


def test_somebody_else_at_the_provider_does_not_count(app, client, provider, person):
    go(client, provider)
    provider.subject = "subject-2"
    answer = go(client, provider, "/sign-on/again?next=/account/recovery-codes")
    assert answer.status_code == 400
    assert client.get("/account/recovery-codes").status_code == 303
    assert actions(app)[-1] == "single sign-on of somebody else"


def test_our_own_code_is_asked_again_where_the_providers_does_not_count(
    app, client, provider, use, person
):
    go(client, provider)
    use(second_factor=frozenset())
    done = go(client, provider, "/sign-on/again?next=/account/recovery-codes")
    assert done.location == "/sign-on/code"
    assert client.get("/account/recovery-codes").status_code == 303
    page = client.get("/sign-on/code")
    assert "<title>Enter your code" in page.text
    wrong = client.post("/sign-on/code", data={"csrf_token": forgery_token(page), "code": "000000"})
    assert wrong.status_code == 422
    typed = second_factor.code_at(TOTP, second_factor.step_of(now()))
    right = client.post("/sign-on/code", data={"csrf_token": forgery_token(page), "code": typed})
    assert right.location == "/account/recovery-codes"
    assert client.get("/account/recovery-codes").status_code == 200
    assert client.get("/sign-on/code").location == "/session/again"


def test_without_a_second_factor_of_their_own_nobody_is_asked_for_its_code(
    app, client, provider, use, person
):
    """Signed in with the provider's, which then leaves it out: no code could be right."""
    go(client, provider)
    with app.app_context(), transaction() as session:
        session.execute(update(Staff).values(totp_secret=None, totp_confirmed_at=None))
    assert "None here: single sign-on asks for its own" in client.get("/account").text
    provider.amr = ["pwd"]
    assert go(client, provider, "/sign-on/again?next=/account").location == "/sign-on/code"
    page = client.get("/sign-on/code")
    assert "You have not set one up here yet" in page.text
    assert 'name="code"' not in page.text


def test_signing_out_says_that_the_provider_may_still_know_them(client, provider, person):
    """Or the next to sit down would be let in by one press (H1)."""
    go(client, provider)
    page = client.get("/account")
    done = client.post("/sign-out", data={"csrf_token": forgery_token(page)}, follow_redirects=True)
    assert "Council sign-on may still know you" in done.text


def test_passwords_may_be_for_system_administrators_alone(app, client, provider, use, person):
    use(only=True)
    with app.app_context(), transaction() as session:
        system = make_staff(session, Role.SYSTEM)
        emails = session.execute(select(Staff.email).order_by(Staff.id)).scalars().all()
        session.execute(update(Staff).values(password_hash=hash_password(PASSWORD)))
        system.totp_secret = TOTP
    answers = []
    for email in emails:
        page = client.get("/sign-in")
        fields = {"csrf_token": forgery_token(page), "email": email, "password": PASSWORD}
        answers.append(client.post("/sign-in", data=fields))
    assert [answer.status_code for answer in answers] == [422, 303]
    assert "everybody else signs in with the button above" in answers[0].text
    page = client.get("/sign-in").text
    assert "For system administrators" in page
    assert "Forgotten your password" not in page
    go(client, provider)
    account = client.get("/account").text
    assert "None here: you sign in with council sign-on" in account
    assert 'href="/account/password"' not in account
    assert "password sign-in refused" in actions(app)
