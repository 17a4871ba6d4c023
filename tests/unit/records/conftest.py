from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from app.records.document.seal import Sealer, new_authority

MADE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def a_sealer(authority: str = "Exampleshire County Council") -> Sealer:
    key, certificate = new_authority(authority, MADE)
    return Sealer.of(
        serialization.load_pem_private_key(key, None),
        x509.load_pem_x509_certificate(certificate),
    )


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return a_sealer()


@pytest.fixture(scope="session")
def other_sealer() -> Sealer:
    return a_sealer()
