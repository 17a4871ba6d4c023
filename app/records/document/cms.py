"""The signed message (CMS) inside a seal, written in one way only.

A signature does not cover the whole of such a message. It is therefore always made from what is
covered, the certificate and the signature: when a copy is sealed, and again when one is verified,
where it must come out the same.
"""

from __future__ import annotations

from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization


def message(certificate: x509.Certificate, attributes: Any, signature: bytes) -> bytes:
    """The message in DER. `attributes` are the signed ones; `signature` is DER too, over them."""
    from asn1crypto import cms
    from asn1crypto import x509 as asn1_x509

    holder = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    issuer_and_serial = {"issuer": holder.issuer, "serial_number": holder.serial_number}
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": issuer_and_serial}),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signature,
    }
    content = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [holder],
        "signer_infos": [signer],
    }
    whole = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})
    return cast(bytes, whole.dump())
