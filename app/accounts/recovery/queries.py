"""How many recovery codes somebody has left."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from app.accounts.recovery.models import RecoveryCode
from app.accounts.recovery.rules import FEW
from app.core.database import UTCDateTime

_COUNTED = select(
    func.coalesce(func.sum(case((RecoveryCode.used_at.is_(None), 1), else_=0)), 0),
    func.max(RecoveryCode.made_at, type_=UTCDateTime()),
).where(RecoveryCode.staff_id == bindparam("staff_id"))


class Left(NamedTuple):
    """The present set: how many codes work still, and when it was made; None for no set."""

    number: int
    made_at: datetime | None

    @property
    def words(self) -> str:
        if self.made_at is None:
            return "None made yet"
        return f"{self.number} left" if self.number else "All used"

    @property
    def few(self) -> bool:
        """Whether a new set should be made."""
        return self.number < FEW

    @property
    def words_after_use(self) -> str:
        """What somebody is told who has just signed in with one."""
        if not self.number:
            return "That was your last recovery code: make new ones on the page of your account"
        said = f"That recovery code is used up, and {self.number} more will work"
        return f"{said}: make new ones on the page of your account" if self.few else said


def left(session: Session, staff_id: int) -> Left:
    """What is left of somebody's recovery codes: one statement."""
    return Left(*session.execute(_COUNTED, {"staff_id": staff_id}).one())
