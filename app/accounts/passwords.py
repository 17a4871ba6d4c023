"""Passwords as Argon2id hashes, one at a time for each process (H1)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from app.accounts.rules import password_problem
from app.core.refusal import Refused

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LONGEST_PASSWORD = 200
# A hash takes 64 MiB: a burst of sign-ins must wait, not fill the machine's memory.
_ONE_AT_A_TIME = Lock()


@cache
def _hasher() -> PasswordHasher:
    # Imported here: a worker that never sees a password need not hold the library.
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)


@cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_urlsafe(24))


def hash_password(password: str) -> str:
    """The Argon2id hash to keep. The password is normalised, so that every keyboard agrees."""
    with _ONE_AT_A_TIME:
        return _hasher().hash(_normal(password))


def is_right(held: str | None, password: str) -> bool:
    """Whether the password fits the hash held.

    None, for a person nobody knows, takes the same work and is never right: how long the answer
    takes must not tell who has an account.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    target = _hash_of_nobody() if held is None else held
    if len(password) > LONGEST_PASSWORD:
        password = ""
    with _ONE_AT_A_TIME:
        try:
            _hasher().verify(target, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return held is not None


def hash_chosen(password: str, *, email: str, name: str, before: str) -> str:
    """The hash of a password somebody chose. `before` is the hash it replaces.

    Raises Refused("password", ...) when it is too easily guessed or the same as before.
    """
    problem = password_problem(_normal(password), email, name)
    if problem is None and is_right(before, password):
        problem = "Choose a password that is not the one you have now"
    if problem is not None:
        raise Refused("password", problem)
    return hash_password(password)


def new_one_time_password() -> str:
    """A password to hand over, in four groups that can be read out over the telephone."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
