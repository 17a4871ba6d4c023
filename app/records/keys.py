"""The key of one signed version: what is written with it can be read only through FIELD_KEYS.

Signed rows are never rewritten, so a rotation of FIELD_KEYS renews the wrapping of this key alone,
and destroying the key destroys every version and copy that was written with it (H6, H8).
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.orm import Session

from app.records.models import RecordKey


class UnreadableRecord(RuntimeError):
    """What is stored does not belong to its key: it was exchanged or damaged."""


class VersionCipher:
    """Writes and reads the content, the copies and the reasons of one version."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(key)

    def close(self, content: bytes) -> bytes:
        return self._fernet.encrypt(content)

    def open(self, token: bytes) -> bytes:
        """Raises UnreadableRecord where the bytes were not written with this key."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken as error:
            raise UnreadableRecord(
                "A stored record does not fit its key: restore it from the last good backup."
            ) from error

    def close_text(self, text: str) -> str:
        return self.close(text.encode()).decode()


def new_key(session: Session) -> RecordKey:
    """A fresh key for one version."""
    row = RecordKey(key=Fernet.generate_key().decode())
    session.add(row)
    session.flush()
    return row


def cipher_of(session: Session, key_id: int) -> VersionCipher:
    """The cipher of a version, by its `key_id`."""
    return VersionCipher(session.get_one(RecordKey, key_id).key)
