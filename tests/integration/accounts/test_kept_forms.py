"""A form that comes too late is kept for its sender: encrypted, once, for a time (E1, H1)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from app.accounts.kept import queries, rules, service
from app.accounts.models import KeptForm, StaffSession
from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.session import reading, transaction
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.meetings import make_council
from tests.page_form import form_of

TOLD = 'She said: "he hit me" & cried.\nThen she went home.'
SENT = {
    "narrative": TOLD,
    "concerns": ["neglect", "physical_abuse"],
    "nonce": "1apR7EynjiYHqFMA3rQBXIJM7CqYemvk",
}


@pytest.fixture
def chair(app) -> int:
    with app.app_context(), transaction() as session:
        make_council(session)
        return make_staff(session, Role.CHAIR, name="Helen Marsh").id


def browser_of(app, staff_id):
    browser = app.test_client()
    with app.app_context():
        sign_in_as(browser, staff_id)
    return browser


def forgery_token(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def age(app, **back):
    with app.app_context(), transaction() as session:
        session.execute(update(StaffSession).values({k: now() - v for k, v in back.items()}))


def sent_too_late(app, browser) -> str:
    """Where the kept form is shown, after fifteen minutes without a word."""
    token = forgery_token(browser.get("/referrals/new"))
    age(app, last_seen_at=timedelta(minutes=16))
    answer = browser.post("/referrals/new", data={"csrf_token": token, **SENT})
    assert answer.status_code == 303
    found = re.fullmatch(r"/sign-in\?next=(/session/kept/\d+)&why=idle", answer.location)
    assert found
    page = browser.get(answer.location)
    assert "What you sent just now is kept too" in page.text
    assert TOLD not in page.text
    return found[1]


def test_it_is_shown_after_signing_in_and_sent_once(app, chair):
    browser = browser_of(app, chair)
    where = sent_too_late(app, browser)
    with app.app_context():
        sign_in_as(browser, chair)
    page = browser.get(where)
    assert page.status_code == 200
    assert page.text.count('name="concerns"') == 2
    assert SENT["nonce"] not in page.text.partition("What you had written")[2]
    held = form_of(page.text, where)
    assert held["narrative"] == TOLD
    answer = browser.post(where, data=held | {"concerns": SENT["concerns"]})
    assert (answer.status_code, answer.location) == (307, "/referrals/new")
    came_in = browser.post("/referrals/new", data=held)
    assert came_in.status_code == 422  # it came in: the form says what it still lacks
    assert TOLD.splitlines()[1] in came_in.text
    back = browser.get(where, follow_redirects=True)  # by the back button
    assert "That was sent already" in back.text
    assert browser.post(where, data=held).location == "/account"


def test_it_is_for_its_sender_alone_and_found_again_later(app, chair):
    where = sent_too_late(app, browser_of(app, chair))
    with app.app_context(), transaction() as session:
        other = make_staff(session, Role.CHAIR).id
    stranger = browser_of(app, other)
    refused = stranger.get(where)
    assert (refused.status_code, refused.location) == (303, "/account")
    token = forgery_token(stranger.get("/account"))
    assert stranger.post(where, data={"csrf_token": token}).location == "/account"
    assert "kept for you" not in stranger.get("/account").text
    sender = browser_of(app, chair)
    assert f'href="{where}"' in sender.get("/account").text
    assert sender.get(where).status_code == 200


def test_what_is_stored_says_nothing_and_goes_after_its_time(app, chair):
    where = sent_too_late(app, browser_of(app, chair))
    with app.app_context():
        stored = reading().execute(text("SELECT fields FROM kept_form")).scalar_one()
        assert "cried" not in stored
        later = now() + rules.KEPT_FOR + timedelta(minutes=1)
        kept_id = int(where.rpartition("/")[2])
        assert queries.kept_form(reading(), chair, kept_id, later) is None
        assert queries.kept_of(reading(), chair, later) == []
        with transaction() as session:
            assert service.forget_overdue(session, now()) == 0
            assert service.forget_overdue(session, later) == 1
        assert reading().query(KeptForm).count() == 0


def test_only_the_newest_of_one_person_are_kept(app, chair):
    actor = Actor(ActorKind.STAFF, chair, "Helen Marsh")
    with app.app_context(), transaction() as session:
        for number in range(rules.MOST + 3):
            fields = [("narrative", f"number {number}")]
            last = service.keep(session, actor, chair, "/referrals/new", fields, False, now())
    with app.app_context():
        lines = queries.kept_of(reading(), chair, now())
        assert (len(lines), lines[0].id) == (rules.MOST, last)


def test_a_stale_sign_off_keeps_what_was_typed(app, chair, signed_in):
    browser = browser_of(app, chair)
    token = forgery_token(browser.get("/account"))
    age(app, reauthenticated_at=timedelta(minutes=6))
    typed = {"csrf_token": token, "seen": "x", "absence_reason": "Helen Marsh was called to court."}
    answer = browser.post("/discussions/SD-0000-0000/record/sign", data=typed)
    where = re.fullmatch(r"/session/again\?next=(/session/kept/\d+)", answer.location)
    assert where
    assert "What you sent is kept" in browser.get(answer.location).text
    page = browser.get(where[1])
    assert form_of(page.text, where[1])["absence_reason"] == "Helen Marsh was called to court."


def test_no_secret_no_button_and_nothing_of_a_stranger_is_kept(app, client, chair):
    browser = browser_of(app, chair)
    token = forgery_token(browser.get("/account"))
    age(app, last_seen_at=timedelta(minutes=16))
    secret = {"csrf_token": token, "password": "a secret", "code": "123456"}
    assert browser.post("/session/again", data=secret).status_code == 303
    button = {"csrf_token": token, "nonce": "1apR7EynjiYHqFMA3rQBXIJM7CqYemvk"}
    assert browser.post("/referrals/new", data=button).location.startswith("/sign-in?next=/ref")
    stranger = {"csrf_token": forgery_token(client.get("/sign-in")), "narrative": "By nobody"}
    assert client.post("/referrals/new", data=stranger).status_code == 303
    forged = browser.post("/referrals/new", data={"csrf_token": "no", "narrative": "Forged"})
    assert forged.status_code == 400
    with app.app_context():
        assert reading().query(KeptForm).count() == 0


def test_signed_out_in_another_tab_it_is_kept_as_well(app, chair):
    browser = browser_of(app, chair)
    token = forgery_token(browser.get("/referrals/new"))
    assert browser.post("/sign-out", data={"csrf_token": token}).status_code == 303
    assert browser.get("/account").status_code == 303
    answer = browser.post("/referrals/new", data={"csrf_token": token, **SENT})
    assert "next=/session/kept/" in answer.location


@pytest.mark.parametrize(
    "path", ["/session/kept/99999999999", "/deliveries?before=99999999999999999999"]
)
def test_a_number_beyond_every_column_is_no_fault(app, chair, path):
    answer = browser_of(app, chair).get(path)
    assert answer.status_code in (200, 303, 404)
