"""The sign-ins of the example area, with codes that work now (I1). Never in real use."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import second_factor
from app.accounts.models import Staff
from app.accounts.types import Role

PASSWORD_FILE = "example-password"  # noqa: S105  # the name of a file

_STAFF = (
    select(Staff)
    .where(Staff.ended_at.is_(None), Staff.totp_confirmed_at.is_not(None))
    .order_by(Staff.id)
    .limit(20)
)


class ExampleSignIn(NamedTuple):
    name: str
    roles: str
    email: str
    code: str


def example_sign_ins(session: Session, now: datetime) -> list[ExampleSignIn]:
    """Who may sign in to the example area, each with the next code that will be taken."""
    found = []
    for staff in session.execute(_STAFF).scalars():
        if staff.totp_secret is None:
            continue
        held = {row.role for row in staff.roles}
        step = second_factor.step_of(now)
        if staff.totp_last_step is not None and staff.totp_last_step >= step:
            # This step's code was used: the next one is taken already.
            step = staff.totp_last_step + 1
        found.append(
            ExampleSignIn(
                staff.name,
                ", ".join(role.label for role in Role if role in held),
                staff.email,
                second_factor.code_at(staff.totp_secret, step),
            )
        )
    return found


def example_password(data_dir: Path) -> str | None:
    """The password of all of them, where whoever started the area left it to be shown."""
    held = data_dir / PASSWORD_FILE
    return held.read_text(encoding="utf-8").strip() if held.is_file() else None
