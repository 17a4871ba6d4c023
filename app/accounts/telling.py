"""Telling people by mail what happened to their account (H1).

Letters are written on floors above this one, so the factory hands in who writes them.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.accounts.queries import Reachable


class AccountEvent(enum.Enum):
    """What somebody is told about their own account, or one that `about` names. The values are
    those of the letters."""

    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    SECOND_FACTOR_RENEWED = "second_factor_renewed"
    SECOND_FACTOR_RESET = "second_factor_reset"
    SINGLE_SIGN_ON_LINKED = "single_sign_on_linked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # what happened
    PASSWORD_GIVEN = "password_given"  # noqa: S105  # what happened
    # To managers and system administrators, of somebody else.
    SEES_CASES_NOW = "sees_cases_now"


class Tell(Protocol):
    """Queues the letters in the transaction of the event."""

    def __call__(
        self,
        session: Session,
        event: AccountEvent,
        people: Sequence[Reachable],
        now: datetime,
        about: str = "",
    ) -> None: ...
