"""Keys: protected fields, look-up digests and random tokens (H6, D3)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

# Crockford's alphabet: no I, L, O, U, so a reference can be read out over the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


# How many short values (names, dates: up to 47 bytes) a process remembers in the clear: what lists
# show, and what some forty searches compare names with in between.
REMEMBERED, SHORT_TOKEN = 16_384, 140


class KeysMissing(RuntimeError):
    """A protected field was touched before any FIELD_KEYS were given."""


class FieldCipher:
    """Encrypts with the first key, decrypts with any: put a new key first to rotate."""

    def __init__(self) -> None:
        self._fernet: MultiFernet | None = None
        # Lists show the same names again and again, to everybody, every half minute. Bounded, in
        # the memory of a process that holds the keys anyway, and gone with them.
        self._short = lru_cache(maxsize=REMEMBERED)(self._opened)

    def use(self, keys: Sequence[str]) -> None:
        """Take these Fernet keys, newest first. An empty sequence takes all keys away."""
        self._short.cache_clear()
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def encrypt(self, content: bytes) -> bytes:
        return self._keys().encrypt(content)

    def decrypt(self, token: bytes) -> bytes:
        """Raises UnreadableField when no key fits: a key was dropped before rotation ended."""
        return self._short(token) if len(token) <= SHORT_TOKEN else self._opened(token)

    def _opened(self, token: bytes) -> bytes:
        try:
            return self._keys().decrypt(token)
        except InvalidToken as error:
            raise UnreadableField(
                "A protected field cannot be read with the FIELD_KEYS given. "
                "Put the key it was written with back into FIELD_KEYS."
            ) from error

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise KeysMissing("FIELD_KEYS is not set, so protected fields cannot be read.")
        return self._fernet


class UnreadableField(RuntimeError):
    """Stored ciphertext fits none of the keys."""


field_cipher = FieldCipher()


def new_field_key() -> str:
    """A fresh key for FIELD_KEYS."""
    return Fernet.generate_key().decode()


def is_field_key(key: str) -> bool:
    """Whether this is a key as `new_field_key` makes them."""
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def new_token() -> str:
    """192 random bits, safe in a URL: session and invitation links (D3 asks for 128)."""
    return secrets.token_urlsafe(24)


def token_digest(token: str) -> str:
    """What is stored of a token. The token is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_digest(key: bytes, *parts: str) -> str:
    """A look-up digest of something guessable (a name, a code): useless without the key."""
    message = "\x1f".join(parts).encode()
    return hmac.digest(key, message, "sha256").hex()


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_reference(prefix: str) -> str:
    """A random public reference such as `SD-7K3M-9QXA`: says nothing, can be read aloud."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{prefix}-{letters[:4]}-{letters[4:]}"


def same(left: str, right: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
