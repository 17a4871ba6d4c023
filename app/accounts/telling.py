"""Telling people by mail what happened to their account (H1).

Letters are written on floors above this one, so the factory hands in who writes them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.queries import Reachable


class AccountEvent(enum.Enum):
    """What somebody is told about their own account. The values are those of the letters."""

    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    SECOND_FACTOR_RENEWED = "second_factor_renewed"
    SECOND_FACTOR_RESET = "second_factor_reset"
    SINGLE_SIGN_ON_LINKED = "single_sign_on_linked"


# Queues the letter in the transaction of the event.
Tell = Callable[[Session, AccountEvent, Sequence[Reachable], datetime], None]
