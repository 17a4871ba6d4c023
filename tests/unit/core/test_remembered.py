"""Short protected values are decrypted once, whatever was searched for between two looks at a
list; long texts each time (docs/decisions/0014)."""

from __future__ import annotations

import pytest

from app.core.crypto import SHORT_TOKEN, FieldCipher, KeysMissing, new_field_key

# What a long list shows, and what one search compares a name with.
ON_A_LIST, IN_A_SEARCH = 150, 300


@pytest.fixture
def cipher() -> FieldCipher:
    made = FieldCipher()
    made.use([new_field_key()])
    return made


def test_forty_searches_leave_what_a_list_shows(
    cipher: FieldCipher, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [cipher.encrypt(f"Wren Fernsby {n}".encode()) for n in range(ON_A_LIST)]
    compared = [cipher.encrypt(b"Fernsby") for _ in range(40 * IN_A_SEARCH)]
    assert all(len(token) <= SHORT_TOKEN for token in listed)
    for token in [*listed, *compared]:
        cipher.decrypt(token)
    monkeypatch.setattr(cipher, "_fernet", None)  # whatever is not remembered fails now
    assert [cipher.decrypt(token).decode() for token in listed[:2]] == [
        "Wren Fernsby 0",
        "Wren Fernsby 1",
    ]
    for token in listed:
        cipher.decrypt(token)


def test_long_texts_are_not_remembered_and_nothing_is_without_keys(cipher: FieldCipher) -> None:
    short, long = cipher.encrypt(b"Wren"), cipher.encrypt(b"What was said. " * 20)
    for token in (short, long):
        cipher.decrypt(token)
    assert cipher._short.cache_info().currsize == 1
    cipher.use([])
    with pytest.raises(KeysMissing):
        cipher.decrypt(short)
