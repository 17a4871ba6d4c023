"""What a recovery code looks like: pure but for the random source (H1)."""

from __future__ import annotations

import secrets

NUMBER = 10
FEW = 3  # from then on the pages ask for a new set
GROUPS, LONG = 3, 4
_LENGTH = GROUPS * LONG


def new_codes() -> list[str]:
    """A set of ten codes, twelve digits each in three groups: 40 random bits.

    Digits alone: they go into the same field as the app's six, which telephones show with a
    keyboard of digits. Five wrong tries pause the account, so that 40 bits are enough.
    """
    return ["-".join(_group() for _ in range(GROUPS)) for _ in range(NUMBER)]


def as_code(typed: str) -> str | None:
    """What was typed without blanks and hyphens; None where it can be no recovery code."""
    code = "".join(typed.replace("-", " ").split())
    return code if len(code) == _LENGTH and code.isascii() and code.isdigit() else None


def _group() -> str:
    return f"{secrets.randbelow(10**LONG):0{LONG}d}"
