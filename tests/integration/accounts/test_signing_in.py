"""Password, second factor, session: in the browser, on both engines (H1)."""

from __future__ import annotations

import dataclasses
import re
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
from tests.factories.accounts import make_staff, sign_in_as
from tests.integration.accounts.conftest import PASSWORD, SECRET


def forgery_token(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def post(client, path, **fields):
    token = forgery_token(client.get(fields.pop("page", path)))
    return client.post(path, data={"csrf_token": token, **fields})


def code(offset: int = 0) -> str:
    return second_factor.code_at(SECRET, second_factor.step_of(now()) + offset)


def sign_in(client, email, password=PASSWORD, typed=None, **fields):
    first = post(client, "/sign-in", email=email, password=password, **fields)
    if first.status_code != 303:
        return first
    return post(client, first.location, code=typed or code())


def actions(app):
    with app.app_context():
        return list(reading().execute(select(AuditEntry.action).order_by(AuditEntry.id)).scalars())


def change_staff(app, staff_id, **values):
    with app.app_context(), transaction() as session:
        session.execute(update(Staff).where(Staff.id == staff_id).values(**values))


def test_password_and_code_open_a_session_and_the_page_asked_for(app, client, person):
    answer = client.get("/account?x=1")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/account?x%3D1"
    done = sign_in(client, person[1].upper(), next="/account?x=1")
    assert (done.status_code, done.location) == (303, "/account?x=1")
    assert client.get("/account").status_code == 200
    assert actions(app) == ["password given", "signed in"]


def test_the_password_alone_opens_nothing(client, person):
    first = post(client, "/sign-in", email=person[1], password=PASSWORD)
    assert first.location == "/sign-in/code"
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize(
    "bad", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\tb", "evil"]
)
def test_nobody_is_sent_to_another_site(client, person, bad):
    assert sign_in(client, person[1], next=bad).location == "/"


def test_wrong_password_and_unknown_address_read_the_same(app, client, person):
    wrong = post(client, "/sign-in", email=person[1], password="not the password")
    unknown = post(client, "/sign-in", email="nobody@council.example", password="whatever it is")

    def words(page):
        page = re.sub(r'value="[^"]*"|X-CSRFToken": "[^"]*"', "", page.text)
        return re.sub(r"<code.*?</code>", "", page)

    assert wrong.status_code == unknown.status_code == 422
    assert words(wrong) == words(unknown)
    assert "nobody@council.example" in unknown.text  # what was typed is still there
    assert "whatever it is" not in unknown.text
    assert actions(app) == ["sign-in refused", "sign-in refused"]


def test_an_unknown_address_is_not_written_down(app, client, person):
    post(client, "/sign-in", email="my-secret-passphrase", password="x")
    with app.app_context():
        row = reading().execute(select(AuditEntry)).scalar_one()
    assert "my-secret-passphrase" not in repr((row.subject_ref, row.details, row.actor_label))


def test_five_wrong_tries_pause_the_account_even_for_the_right_password(app, client, person):
    for _ in range(5):
        assert post(client, "/sign-in", email=person[1], password="wrong one").status_code == 422
    assert actions(app)[-1] == "sign-in refused, account paused"
    assert sign_in(client, person[1]).status_code == 422
    assert actions(app)[-1] == "sign-in refused during a pause"
    change_staff(app, person[0], paused_until=now() - timedelta(seconds=1))
    assert sign_in(client, person[1]).status_code == 303


def test_wrong_codes_count_even_when_the_password_is_given_again(app, client, person):
    for _ in range(4):
        assert sign_in(client, person[1], typed="000000").status_code == 422
    done = sign_in(client, person[1], typed="000000")
    assert done.location.startswith("/sign-in?")  # paused: back to the password
    assert sign_in(client, person[1]).status_code == 422


def test_a_code_works_once(app, client, person):
    used = code()
    assert sign_in(client, person[1], typed=used).status_code == 303
    other = app.test_client()
    assert sign_in(other, person[1], typed=used).status_code == 422


def test_a_token_known_before_sign_in_opens_nothing(app, client, person):
    post(client, "/sign-in", email=person[1], password=PASSWORD)
    with client.session_transaction() as cookie:
        planted = cookie["half_signed_in"]
    post(client, "/sign-in/code", code=code())
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != planted
        assert "half_signed_in" not in cookie
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie["_user_id"] = planted
    assert thief.get("/account").status_code == 303


def test_first_sign_in_sets_own_password_and_second_factor(app, client, person):
    change_staff(
        app,
        person[0],
        must_set_password=True,
        totp_confirmed_at=None,
        totp_secret=None,
        password_hash=hash_password("abcd-efgh-jkmn-pqrs"),
    )
    first = post(client, "/sign-in", email=person[1], password="abcd-efgh-jkmn-pqrs")
    assert first.location == "/sign-in/password"
    same = post(
        client, "/sign-in/password", password="abcd-efgh-jkmn-pqrs", again="abcd-efgh-jkmn-pqrs"
    )
    assert "not the one you have now" in same.text
    differ = post(client, "/sign-in/password", password="a new long one", again="another long one")
    assert differ.status_code == 422
    second = post(client, "/sign-in/password", password="a new long one", again="a new long one")
    assert second.location == "/sign-in/second-factor"
    page = client.get("/sign-in/second-factor")
    picture = client.get("/sign-in/second-factor/picture")
    assert picture.mimetype == "image/svg+xml"
    assert b"<svg" in picture.data
    assert b"style" not in picture.data
    with app.app_context():
        secret = reading().get(Staff, person[0]).totp_secret
    assert second_factor.in_groups(secret) in page.text
    step = second_factor.step_of(now())
    done = post(client, "/sign-in/second-factor", code=second_factor.code_at(secret, step))
    assert done.status_code == 303
    assert "Make recovery codes next" in client.get("/account").text
    assert actions(app)[-2:] == ["own password set", "second factor set up, signed in"]
    # The secret is never shown again.
    assert client.get("/sign-in/second-factor/picture").status_code == 303


def open_session(app, staff_id):
    browser = app.test_client()
    with app.app_context():
        sign_in_as(browser, staff_id)
    return browser


def age(app, **ages):
    with app.app_context(), transaction() as session:
        session.execute(
            update(StaffSession).values({name: now() - value for name, value in ages.items()})
        )


def last_seen(app):
    with app.app_context():
        return reading().execute(select(StaffSession.last_seen_at)).scalar_one()


def test_idle_for_fifteen_minutes_says_so_and_comes_back(app, person):
    browser = open_session(app, person[0])
    age(app, last_seen_at=timedelta(minutes=15, seconds=1))
    answer = browser.get("/account")
    assert answer.location == "/sign-in?next=/account&why=idle"
    page = browser.get(answer.location)
    assert "You were signed out after 15 minutes without activity." in page.text
    assert 'value="/account"' in page.text


def test_a_form_open_in_another_tab_can_be_sent_after_coming_back(app, person):
    browser = open_session(app, person[0])
    token = forgery_token(browser.get("/account"))
    age(app, last_seen_at=timedelta(minutes=20))
    assert browser.post("/sign-out", data={"csrf_token": token}).location.startswith("/sign-in?")
    assert sign_in(browser, person[1]).status_code == 303
    assert browser.get("/session/token").text
    # The same form, loaded before the break.
    answer = browser.post("/account/sessions/999/end", data={"csrf_token": token})
    assert answer.location == "/account"


def test_another_person_in_the_same_browser_gets_a_new_forgery_token(app, person):
    with app.app_context(), transaction() as session:
        other = make_staff(session, Role.CHAIR).id
    browser = open_session(app, other)
    token = forgery_token(browser.get("/account"))
    age(app, last_seen_at=timedelta(minutes=20))
    assert sign_in(browser, person[1]).status_code == 303
    assert browser.post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_twelve_hours_are_the_longest(app, person):
    browser = open_session(app, person[0])
    age(app, started_at=timedelta(hours=12, seconds=1))
    assert browser.get("/account").location.endswith("why=long")


def test_activity_is_noted_at_most_once_a_minute_and_not_for_refreshes(app, person):
    browser = open_session(app, person[0])
    before = last_seen(app)
    browser.get("/account")
    assert last_seen(app) == before
    age(app, last_seen_at=timedelta(minutes=2))
    before = last_seen(app)
    browser.get("/account", headers={"X-Background": "1"})
    browser.get("/health")
    assert last_seen(app) == before
    token = browser.get("/session/token", headers={"X-Background": "1"}).text
    assert browser.post("/session/stay", headers={"X-CSRFToken": token}).status_code == 204
    assert last_seen(app) > before


def test_sign_out_ends_the_session_on_the_server(app, person):
    browser = open_session(app, person[0])
    with browser.session_transaction() as cookie:
        token = cookie["_user_id"]
    page = browser.get("/account")
    browser.post("/sign-out", data={"csrf_token": forgery_token(page)})
    copied = app.test_client()
    with copied.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert copied.get("/account").status_code == 303
    assert actions(app) == ["signed out"]


def test_own_sessions_can_be_ended_and_those_of_others_cannot(app, person):
    here, there = open_session(app, person[0]), open_session(app, person[0])
    with app.app_context(), transaction() as session:
        other = make_staff(session, Role.CHAIR).id
    theirs = open_session(app, other)
    page = here.get("/account")
    token = forgery_token(page)
    mine = re.search(r"/account/sessions/(\d+)/end", page.text)[1]
    assert page.text.count('/end"') == 1
    here.post(f"/account/sessions/{mine}/end", data={"csrf_token": token})
    here.post(f"/account/sessions/{int(mine) + 1}/end", data={"csrf_token": token})
    assert there.get("/account").status_code == 303
    assert theirs.get("/account").status_code == 200
    assert here.get("/account").status_code == 200


def test_signing_in_is_not_giving_password_and_code_again(app, client, person):
    """F2: the sign-off asks again, however short ago somebody signed in."""
    sign_in(client, person[1])
    with app.app_context():
        opened = reading().execute(select(StaffSession)).scalars().one()
        assert opened.passed_second_factor_at is not None
        assert opened.reauthenticated_at is None


def test_password_and_code_again(app, person):
    browser = open_session(app, person[0])
    age(app, reauthenticated_at=timedelta(minutes=6))
    wrong = post(browser, "/session/again", password="wrong one", code=code(), next="/account")
    assert wrong.status_code == 422
    right = post(browser, "/session/again", password=PASSWORD, code=code(), next="/account")
    assert right.location == "/account"
    with app.app_context():
        again = reading().execute(select(StaffSession.reauthenticated_at)).scalar_one()
    assert now() - again < timedelta(minutes=1)
    assert actions(app) == ["sign-in refused", "password and code given again"]


def test_the_example_area_shows_the_own_code_where_it_is_asked_for_again(app, person):
    with app.app_context(), transaction() as session:
        make_staff(session, Role.CHAIR)
    browser = open_session(app, person[0])
    age(app, reauthenticated_at=timedelta(minutes=6))
    page = browser.get("/session/again").text
    [(email, shown)] = re.findall(r'data-example-code="([^"]+)">(\d+)<', page)
    assert email == person[1]
    right = post(browser, "/session/again", password=PASSWORD, code=shown, next="/account")
    assert right.location == "/account"
    settings = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(settings, example=False)
    assert "data-example-code" not in browser.get("/session/again").text
    app.extensions["settings"] = settings


def test_changing_the_password_signs_out_other_browsers(app, person):
    here, there = open_session(app, person[0]), open_session(app, person[0])
    fields = {"password": "completely other words", "again": "completely other words"}
    wrong = post(here, "/account/password", present="wrong one", **fields)
    assert wrong.status_code == 422
    weak = post(here, "/account/password", present=PASSWORD, password="short", again="short")
    assert "12 characters or more" in weak.text
    assert post(here, "/account/password", present=PASSWORD, **fields).location == "/account"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_a_new_password_does_not_set_back_how_many_wrong_codes_were_tried(app, person):
    """H1: only a whole sign-in does; whoever has a browser and the password guesses no codes."""
    here = open_session(app, person[0])
    change_staff(app, person[0], failures=4)
    fields = {"password": "completely other words", "again": "completely other words"}
    assert post(here, "/account/password", present=PASSWORD, **fields).location == "/account"
    with app.app_context():
        assert reading().get(Staff, person[0]).failures == 4


def test_somebody_who_left_is_out_at_once(app, person):
    browser = open_session(app, person[0])
    change_staff(app, person[0], ended_at=now())
    assert browser.get("/account").status_code == 303
    assert sign_in(app.test_client(), person[1]).status_code == 422


def test_the_example_area_shows_codes_that_work(app, client, person):
    before = code()
    page = client.get("/sign-in")
    assert before in page.text or code() in page.text  # half a minute may end in between
    assert sign_in(client, person[1]).status_code == 303
    with app.app_context():
        used = reading().get(Staff, person[0]).totp_last_step
    # That code was used: the page shows the next one, which is taken already.
    other = app.test_client()
    shown = re.search(rf'data-example-code="{person[1]}">(\d+)<', other.get("/sign-in").text)[1]
    assert shown != second_factor.code_at(SECRET, used)
    assert sign_in(other, person[1], typed=shown).status_code == 303


def test_real_use_shows_neither_codes_nor_password(app, client, person):
    settings = app.extensions["settings"]
    (settings.data_dir / "example-password").write_text("shown in the example area")
    assert "shown in the example area" in client.get("/sign-in").text
    app.extensions["settings"] = dataclasses.replace(settings, example=False)
    page = client.get("/sign-in").text
    assert "shown in the example area" not in page
    assert person[1] not in page


def test_without_a_session_htmx_keeps_the_page(client):
    answer = client.get("/account", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (401, "signed-out")


def test_who_is_worried_about_a_child_is_led_to_the_form_without_an_account(client):
    page = client.get("/sign-in").text
    assert '<a class="govuk-link" href="/refer/">Refer a child</a>' in page
    assert "Start now" in client.get("/refer/").text
