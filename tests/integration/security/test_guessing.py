"""Finding: an answer that takes less work for an unknown address tells who has an account (H1)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.accounts import passwords
from app.accounts.types import Role
from app.core.session import transaction
from tests.factories.accounts import make_staff
from tests.page_form import form_of


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def test_an_unknown_address_costs_the_same_work_as_a_known_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), transaction() as session:
        staff = make_staff(session, Role.CHAIR)
        staff.password_hash = passwords.hash_password("the right one, and long")
        known = staff.email
    passwords.is_right(None, "so that the hash of nobody is there")
    hasher, checked = passwords._hasher(), []

    class Counting:
        def verify(self, held: str, password: str) -> Any:
            checked.append(held.split("$")[1:4])
            return hasher.verify(held, password)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    for email in (known, "nobody@council.example"):
        client = app.test_client()
        form = form_of(client.get("/sign-in").text, "/sign-in")
        answer = client.post("/sign-in", data=form | {"email": email, "password": "not this one"})
        assert answer.status_code == 422
    assert len(checked) == 2
    # The same algorithm, memory and rounds.
    assert checked[0] == checked[1]
