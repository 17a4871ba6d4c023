"""Reading kept forms: one's own and nobody else's."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.kept import rules
from app.accounts.models import KeptForm

_OWN = (
    select(KeptForm.id, KeptForm.address, KeptForm.kept_at)
    .where(KeptForm.staff_id == bindparam("staff_id"))
    .order_by(KeptForm.id.desc())
    .limit(rules.MOST)
)
_ONE = select(KeptForm).where(
    KeptForm.id == bindparam("kept_id"), KeptForm.staff_id == bindparam("staff_id")
)


class KeptLine(NamedTuple):
    id: int
    address: str
    kept_at: datetime


class Kept(NamedTuple):
    """A kept form: where it was going, and everything that stood in it."""

    id: int
    address: str
    fields: list[tuple[str, str]]
    had_file: bool


def kept_of(session: Session, staff_id: int, now: datetime) -> list[KeptLine]:
    """The forms kept for this person, newest first, without what stands in them."""
    rows = session.execute(_OWN, {"staff_id": staff_id})
    return [line for row in rows if not rules.is_over((line := KeptLine(*row)).kept_at, now)]


def kept_form(session: Session, staff_id: int, kept_id: int, now: datetime) -> Kept | None:
    """One of them; None for somebody else's, one that was sent, and one whose time is over."""
    row = session.execute(_ONE, {"kept_id": kept_id, "staff_id": staff_id}).scalar_one_or_none()
    if row is None or rules.is_over(row.kept_at, now):
        return None
    fields = [(name, value) for name, value in json.loads(row.fields)]
    return Kept(row.id, row.address, fields, row.had_file)
