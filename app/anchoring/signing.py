"""Signing the audit's head with the authority's key, and checking it (H3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.anchoring.rules import Anchor, signed_lines
from app.audit.types import Head
from app.records.document.seal import Sealer


def sign(sealer: Sealer, site: str, at: datetime, head: Head) -> bytes:
    """ECDSA P-256 with SHA-256 over the letter's lines, in DER."""
    return sealer.key.sign(signed_lines(site, at, head).encode(), ec.ECDSA(hashes.SHA256()))


def is_signed(anchor: Anchor, certificates: Sequence[x509.Certificate]) -> bool:
    """Whether one of the authority's keys, the present or a former one, signed it."""
    lines = signed_lines(anchor.site, anchor.at, anchor.head).encode()
    for certificate in certificates:
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            continue
        try:
            key.verify(anchor.signature, lines, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            continue
        return True
    return False
