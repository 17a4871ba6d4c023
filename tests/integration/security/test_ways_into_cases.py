"""Finding: a system administrator, who sees no case without breaking glass, gives a role that does
to themselves, to a friend or to somebody who has left, or takes over an account by a new password,
and nobody hears of it (H1, H2)."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffSession
from app.accounts.passwords import hash_password
from app.accounts.types import Role
from app.core.crypto import token_digest
from app.core.session import reading, transaction
from app.outbox.models import OutboxMessage
from tests.factories.accounts import make_staff, sign_in_as
from tests.integration.accounts.conftest import PASSWORD
from tests.page_form import form_of

MAY_SEE = "From now on this person may see cases: {}"


@pytest.fixture
def system(app: Flask) -> FlaskClient:
    browser = app.test_client()
    with app.app_context():
        with transaction() as session:
            staff = make_staff(session, Role.SYSTEM, name="Grace Lim")
        sign_in_as(browser, staff.id)
    return browser


@pytest.fixture
def others(app: Flask) -> dict[str, int]:
    with app.app_context(), transaction() as session:
        return {
            "chair": make_staff(session, Role.CHAIR).id,
            "second system": make_staff(session, Role.SYSTEM).id,
            "triage": make_staff(session, Role.TRIAGE).id,
            "analyst": make_staff(session, Role.ANALYST, name="Owen Hughes").id,
        }


def address(session: Session, staff_id: int) -> str:
    return session.get_one(Staff, staff_id).email


def letters(app: Flask) -> set[tuple[str, str]]:
    with app.app_context():
        rows = reading().execute(select(OutboxMessage.recipient, OutboxMessage.subject))
        return {(row.recipient, row.subject) for row in rows}


def told_of(app: Flask, name: str, others: dict[str, int]) -> set[tuple[str, str]]:
    """Who reviews broken glass, but for whoever did it."""
    with app.app_context():
        who = [address(reading(), others[one]) for one in ("chair", "second system")]
    return {(one, MAY_SEE.format(name)) for one in who}


def press(browser: FlaskClient, staff_id: int, what: str, **fields: object) -> None:
    action = f"/staff/{staff_id}/{what}"
    token = form_of(browser.get(f"/staff/{staff_id}").text, action)["csrf_token"]
    assert browser.post(action, data={"csrf_token": token} | fields).status_code in (200, 303)


def own_id(app: Flask, browser: FlaskClient) -> int:
    with browser.session_transaction() as cookie:
        digest = token_digest(cookie["_user_id"])
    with app.app_context():
        held = select(StaffSession.staff_id).where(StaffSession.token_digest == digest)
        return reading().execute(held).scalar_one()


def test_who_gives_themselves_a_role_that_sees_cases_is_told_of(
    app: Flask, system: FlaskClient, others: dict[str, int]
) -> None:
    press(system, own_id(app, system), "roles", roles=["system", "chair"])
    assert letters(app) == told_of(app, "Grace Lim", others)


def test_so_is_everybody_to_whom_such_a_role_is_given_and_nobody_else(
    app: Flask, system: FlaskClient, others: dict[str, int]
) -> None:
    press(system, others["analyst"], "roles", roles=["analyst", "system"])
    press(system, others["triage"], "roles", roles=["triage", "out_of_hours"])
    assert letters(app) == set(), "neither sees cases only since then"
    press(system, others["analyst"], "roles", roles=["social_worker"])
    assert letters(app) == told_of(app, "Owen Hughes", others)


@pytest.mark.parametrize(("role", "is_told"), [("triage", True), ("analyst", False)])
def test_so_is_whoever_is_added_or_returns(
    app: Flask, system: FlaskClient, others: dict[str, int], role: str, is_told: bool
) -> None:
    page = system.get("/staff/new").text
    hidden = dict(re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
    fields = {"name": "Priya Nair", "email": "priya.nair@council.example", "roles": [role]}
    answer = system.post("/staff/new", data=hidden | fields)
    assert answer.status_code == 200
    wanted = told_of(app, "Priya Nair", others) if is_told else set()
    assert letters(app) == wanted
    found = re.search(r'href="/staff/(\d+)"', answer.text)
    assert found
    added = int(found[1])
    press(system, added, "end")
    press(system, added, "return")
    with app.app_context():
        rows = reading().execute(select(OutboxMessage.subject)).scalars().all()
    assert rows.count(MAY_SEE.format("Priya Nair")) == 2 * len(wanted)


def test_so_is_whoever_is_added_on_the_server(app: Flask, others: dict[str, int]) -> None:
    app.test_cli_runner().invoke(
        args=["staff", "add", "new@council.example", "--name", "Ana New", "--role", "chair"]
    )
    assert told_of(app, "Ana New", others) == letters(app)


def test_whose_password_is_taken_away_is_told(
    app: Flask, system: FlaskClient, others: dict[str, int]
) -> None:
    press(system, others["triage"], "password")
    with app.app_context():
        mail = address(reading(), others["triage"])
    assert letters(app) == {(mail, "A one-time password was made for your account")}


def test_whose_password_was_changed_at_an_open_screen_is_told(
    app: Flask, others: dict[str, int]
) -> None:
    browser = app.test_client()
    with app.app_context():
        with transaction() as session:
            staff = session.get_one(Staff, others["triage"])
            staff.password_hash = hash_password(PASSWORD)
            mail = staff.email
        sign_in_as(browser, others["triage"])
    page = browser.get("/account/password").text
    hidden = dict(re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
    chosen = "quite another long one"
    done = browser.post(
        "/account/password",
        data=hidden | {"present": PASSWORD, "password": chosen, "again": chosen},
    )
    assert done.status_code == 303
    assert letters(app) == {(mail, "The password of your account was changed")}
