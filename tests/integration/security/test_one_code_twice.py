"""Finding: one code, seen over a shoulder or taken from a list, opens two sessions when both are
asked for at the same moment (H1). Guesses that race: tests/integration/invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.accounts import second_factor, service
from app.accounts.models import Staff
from app.accounts.recovery.service import make
from app.accounts.service import CodeTried
from app.accounts.telling import AccountEvent
from app.accounts.types import Role, Tried
from app.core.clock import now
from app.core.session import transaction
from tests.at_once import at_once
from tests.factories.accounts import make_staff
from tests.factories.records import as_member

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def nobody_told(
    session: Session, event: AccountEvent, people: object, moment: object, about: str = ""
) -> None: ...


@pytest.mark.parametrize("kind", ["code of the app", "recovery code"])
def test_of_two_who_give_it_at_once_one_is_let_in(in_app: Flask, kind: str) -> None:
    moment = now()
    with transaction() as session:
        staff = make_staff(session, Role.CHAIR)
        staff.totp_secret = SECRET
        recovery = make(session, as_member(staff), moment)[0]
        code = second_factor.code_at(SECRET, second_factor.step_of(moment))
        typed = code if kind == "code of the app" else recovery
        tokens = [service.open_half(session, staff, moment, None) for _ in range(2)]
        staff_id = staff.id

    def giving(token: str) -> Callable[[Session], CodeTried]:
        later = moment + timedelta(seconds=1)
        return lambda session: service.code_tried(session, token, typed, later, nobody_told)

    one, other = at_once(in_app, giving(tokens[0]), giving(tokens[1]))
    assert (one.result, other.result) == (Tried.RIGHT, Tried.WRONG)
    with transaction() as session:
        assert session.get_one(Staff, staff_id).failures == 1
