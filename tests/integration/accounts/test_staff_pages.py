"""The system administrator's pages about staff, on both engines (H1)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.accounts.models import Staff, StaffSession
from app.accounts.passwords import is_right
from app.accounts.staff import service
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from tests.factories.accounts import make_staff, sign_in_as

NEW = {"name": "Priya Nair", "email": "Priya.Nair@council.example", "roles": ["chair"]}


@pytest.fixture
def admin(signed_in):
    return signed_in(Role.SYSTEM)


@pytest.fixture
def colleague(app):
    with app.app_context(), transaction() as session:
        return make_staff(session, Role.TRIAGE).id


def token(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def press(browser, staff_id, what, **fields):
    page = browser.get(f"/staff/{staff_id}")
    data = {"csrf_token": token(page), **fields}
    return browser.post(f"/staff/{staff_id}/{what}", data=data)


def staff(app, staff_id):
    with app.app_context():
        found = reading().get(Staff, staff_id)
        found.role_values = {row.role for row in found.roles}
        return found


def last_action(app):
    with app.app_context():
        return (
            reading()
            .execute(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))
            .scalar_one()
        )


def new_form(browser):
    page = browser.get("/staff/new")
    nonce = re.search(r'name="nonce" value="([^"]+)"', page.text)[1]
    return {"csrf_token": token(page), "nonce": nonce}


def test_adding_shows_a_one_time_password_once(app, admin):
    form = new_form(admin) | NEW
    done = admin.post("/staff/new", data=form)
    assert done.status_code == 200
    password = re.search(r"<code[^>]*>([^<]+)</code>", done.text)[1]
    added = staff(app, int(re.search(r'href="/staff/(\d+)"', done.text)[1]))
    assert added.email == "priya.nair@council.example"
    assert added.must_set_password
    assert is_right(added.password_hash, password)
    assert last_action(app).action == "staff added"
    again = admin.post("/staff/new", data=form)
    assert (again.status_code, again.location) == (303, f"/staff/{added.id}")
    assert password not in admin.get(again.location).text
    with app.app_context():
        assert len(list(reading().execute(select(Staff.id)))) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Enter the person&#39;s name"),
        ({"email": "not an address"}, "Enter an email address, like"),
        ({"roles": []}, "Choose at least one role"),
        ({"roles": ["boss"]}, "valid choice"),
        ({"email": "taken@council.example"}, "has an account already"),
    ],
)
def test_bad_input_keeps_what_was_typed(app, admin, changes, words):
    with app.app_context(), transaction() as session:
        make_staff(session, Role.CHAIR).email = "taken@council.example"
    typed = NEW | {"telephone": "01632 960111"} | changes
    answer = admin.post("/staff/new", data=new_form(admin) | typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="01632 960111"' in answer.text


def test_roles_hold_from_the_next_page_on(app, admin, colleague):
    browser = app.test_client()
    with app.app_context():
        sign_in_as(browser, colleague)
    assert browser.get("/staff/").status_code == 403
    done = press(admin, colleague, "roles", roles=["analyst", "system"])
    assert done.location == f"/staff/{colleague}"
    assert staff(app, colleague).role_values == {Role.ANALYST, Role.SYSTEM}
    assert last_action(app).details == {"from": ["triage"], "to": ["analyst", "system"]}
    assert browser.get("/staff/").status_code == 200
    none = press(admin, colleague, "roles")
    assert none.status_code == 422


def test_the_last_system_administrator_stays(app, admin):
    with app.app_context():
        own = reading().execute(select(Staff.id)).scalar_one()
    kept = press(admin, own, "roles", roles=["chair"])
    assert kept.status_code == 422
    assert "last system administrator" in kept.text
    press(admin, own, "end")
    assert "last system administrator" in admin.get(f"/staff/{own}").text
    assert staff(app, own).ended_at is None
    assert staff(app, own).role_values == {Role.SYSTEM}


def test_somebody_who_may_sign_stays(app, admin, colleague):
    """F1: where nobody may sign, no record is ever signed, and no warning reaches anybody."""
    press(admin, colleague, "roles", roles=["chair", "triage"])
    kept = press(admin, colleague, "roles", roles=["triage"])
    assert kept.status_code == 422 and "Nobody else may sign a record" in kept.text
    press(admin, colleague, "end")
    assert "Nobody else may sign a record" in admin.get(f"/staff/{colleague}").text
    assert staff(app, colleague).ended_at is None
    assert staff(app, colleague).role_values == {Role.CHAIR, Role.TRIAGE}
    with app.app_context(), transaction() as session:
        make_staff(session, Role.CHAIR)
    assert press(admin, colleague, "roles", roles=["triage"]).status_code == 303
    press(admin, colleague, "end")
    assert staff(app, colleague).ended_at is not None


def test_of_two_administrators_each_may_end_the_other_but_not_both(in_app):
    with transaction() as session:
        one, two = make_staff(session, Role.SYSTEM).id, make_staff(session, Role.SYSTEM).id
    with transaction() as session:
        service.end(session, SYSTEM, one, now())
    with pytest.raises(Refused, match="last system administrator"), transaction() as session:
        service.end(session, SYSTEM, two, now())


def test_somebody_who_leaves_is_out_and_may_return(app, admin, colleague):
    browser = app.test_client()
    with app.app_context():
        sign_in_as(browser, colleague)
    press(admin, colleague, "end")
    assert browser.get("/account").status_code == 303
    assert last_action(app).details == {"sessions ended": 1}
    left = staff(app, colleague)
    assert left.email not in admin.get("/staff/").text
    assert left.email in admin.get("/staff/?left=yes").text
    taken = admin.post("/staff/new", data=new_form(admin) | NEW | {"email": left.email})
    assert "let them return" in taken.text
    done = press(admin, colleague, "return")
    assert "One-time password for" in done.text
    back = staff(app, colleague)
    assert back.ended_at is None
    assert back.must_set_password
    assert back.totp_confirmed_at is None


def test_password_second_factor_and_sessions(app, admin, colleague):
    def open_sessions():
        with app.app_context():
            return len(
                reading()
                .execute(
                    select(StaffSession.id).where(
                        StaffSession.staff_id == colleague, StaffSession.ended_at.is_(None)
                    )
                )
                .all()
            )

    for what in ("password", "second-factor", "sessions"):
        with app.app_context():
            sign_in_as(app.test_client(), colleague)
        assert open_sessions() == 1
        press(admin, colleague, what, reason="Telephone lost, called back")
        assert open_sessions() == 0, what
    held = staff(app, colleague)
    assert held.must_set_password
    assert held.totp_confirmed_at is None


def test_the_list_goes_on_by_key(app, admin, monkeypatch):
    from app.accounts.staff import queries

    with app.app_context():
        with transaction() as session:
            for number in range(7):
                make_staff(session, Role.CHAIR, name=f"Same Name {number % 2}")
        monkeypatch.setattr(queries, "PAGE", 3)
        seen, after = [], 0
        while after is not None:
            page = queries.people(reading(), now(), after=after)
            seen += [person.id for person in page.people]
            after = page.after
        assert len(seen) == len(set(seen)) == 8


def test_nobody_who_is_not_there(admin):
    assert admin.get("/staff/999999").status_code == 404
    assert press_missing(admin).status_code == 303


def press_missing(browser):
    data = {"csrf_token": token(browser.get("/staff/new"))}
    return browser.post("/staff/999999/end", data=data)
