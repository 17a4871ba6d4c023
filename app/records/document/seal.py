"""The authority's seal on a copy, and its signature under what the chair signed (F2, F3).

One ECDSA key on P-256 serves both: an invisible PAdES signature that keeps a file PDF/A-3a and
PDF/UA-1, and a detached one over a statement in words. The two can never be mistaken for each
other: a statement begins with its own name, a PDF signature with a DER set.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.x509.oid import NameOID

from app.records.document import cms

FIELD = "AuthoritySeal"
REASON = "Sealed copy of the record of a strategy discussion"
# Room for one certificate and one signature, in hexadecimal digits.
RESERVED = 8192
NO_DIGEST = bytes(32)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LONGEST_COMMON_NAME = 64


class SealError(RuntimeError):
    """The key or the certificate cannot be used, or a file cannot be sealed."""


@dataclass(frozen=True)
class Sealer:
    """The authority's key and certificate, read once for the life of a process."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def load(cls, key_path: Path, certificate_path: Path) -> Sealer:
        """Read a PEM key (PKCS 8, no password) and its PEM certificate.

        Raises `SealError` where a file is missing, is not a P-256 key, or the two do not belong
        together.
        """
        try:
            key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
            certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise SealError(
                f"The authority's key {key_path.name} or certificate {certificate_path.name} "
                f"cannot be read: {error}"
            ) from error
        return cls.of(key, certificate)

    @classmethod
    def of(cls, key: object, certificate: x509.Certificate) -> Sealer:
        """Key and certificate that were read already; raises `SealError` as `load` does."""
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise SealError("The authority's key is not ECDSA P-256: make one with new_authority.")
        if key.public_key() != certificate.public_key():
            raise SealError("The authority's certificate belongs to another key.")
        return cls(key, certificate)

    @cached_property
    def _attributes(self) -> bytes:
        """What a seal signs, in DER, as pyHanko writes it of an empty digest. All but the digest
        is the same in every seal of this certificate, and to work it out costs twenty times the
        signature."""
        import asyncio

        from asn1crypto import keys
        from asn1crypto import x509 as asn1_x509
        from pyhanko.sign.signers import SimpleSigner
        from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        no_others: Any = SimpleCertificateStore
        encoding = serialization.Encoding.DER
        key = self.key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signer = SimpleSigner(
            signing_cert=asn1_x509.Certificate.load(self.certificate.public_bytes(encoding)),
            signing_key=keys.PrivateKeyInfo.load(key),
            cert_registry=no_others(),
        )
        made = asyncio.run(
            signer.async_sign(
                NO_DIGEST,
                "sha256",
                use_pades=True,
                signed_attr_settings=PdfCMSSignedAttributes(),
            )
        )
        attributes = made["content"]["signer_infos"][0]["signed_attrs"].untag().dump()
        if attributes.count(NO_DIGEST) != 1:
            raise SealError("The certificate cannot be used for a seal: make another.")
        return bytes(attributes)


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed at sign-off: who, as what, when, and the hash of the canonical content."""

    reference: str
    version: int
    name: str
    role: str
    signed_at: datetime
    canonical_sha256: str

    def spelled(self) -> bytes:
        """The statement in one spelling. Each part says its length, so parts cannot be shifted."""
        if self.signed_at.tzinfo is None:
            raise ValueError("The time of a signature needs a time zone.")
        parts = (
            self.reference,
            str(self.version),
            self.name,
            self.role,
            self.signed_at.astimezone(UTC).isoformat(),
            self.canonical_sha256,
        )
        spelled = "".join(f"{len(part.encode())}:{part}\n" for part in parts)
        return f"strategy-discussion sign-off 1\n{spelled}".encode()


def new_authority(
    authority: str, now: datetime, valid: timedelta = timedelta(days=3653)
) -> tuple[bytes, bytes]:
    """A fresh P-256 key and a certificate it signs itself, both as PEM: (key, certificate).

    For the example area, and for a council that has no certificate of its own yet. The key has no
    password: keep it where only the service can read it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, authority[:LONGEST_COMMON_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{authority} records"[:LONGEST_COMMON_NAME]),
        ]
    )
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(minutes=5))
        .not_valid_after(now.astimezone(UTC) + valid)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return (
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(pem),
    )


def seal(pdf: bytes, sealer: Sealer, sealed_at: datetime) -> bytes:
    """The file with an invisible PAdES signature by the authority over all of it (F3).

    `sealed_at` is written as the time of signing. Raises `SealError` where the file is not a PDF
    or has been sealed already.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import SignatureObject
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup

    placeholder = SignatureObject(
        timestamp=sealed_at.astimezone(UTC),
        subfilter=SigSeedSubFilter.PADES,
        name=_common_name(sealer.certificate),
        reason=REASON,
        bytes_reserved=RESERVED,
    )
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        if writer.prev.embedded_signatures:
            raise SealError("This file bears a seal already: seal the copy as it was rendered.")
        steps = PdfCMSEmbedder(new_field_spec=SigFieldSpec(FIELD)).write_cms(FIELD, writer)
        next(steps)
        steps.send(SigObjSetup(sig_placeholder=placeholder))
        prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
        steps.send(_cms(sealer, prepared.document_digest))
    except PdfError as error:
        raise SealError(f"This file cannot be sealed: {error}") from error
    return cast(bytes, output.getvalue())


def sign_hash(sealer: Sealer, statement: Statement) -> bytes:
    """The authority's detached signature (DER) over what was signed at sign-off.

    The person proves who they are by password or second factor (F2); the key is the authority's.
    """
    signature = sealer.key.sign(statement.spelled(), ec.ECDSA(hashes.SHA256()))
    return low_form(signature)


def verify_hash(certificate: x509.Certificate, statement: Statement, signature: bytes) -> bool:
    """True if this authority signed exactly this statement."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, statement.spelled(), ec.ECDSA(hashes.SHA256()))
        return low_form(signature) == signature
    except (InvalidSignature, ValueError):
        return False


def low_form(signature: bytes) -> bytes:
    """The one of the two spellings of an ECDSA signature that we write and accept.

    (r, s) and (r, n - s) are both valid; with one of them refused, nobody without the key can make
    a second file that is different and still verifies.
    """
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, P256_ORDER - s))


def _cms(sealer: Sealer, digest: bytes) -> bytes:
    from asn1crypto.cms import CMSAttributes

    attributes = sealer._attributes.replace(NO_DIGEST, digest)
    signature = low_form(sealer.key.sign(attributes, ec.ECDSA(hashes.SHA256())))
    spelled = cms.message(sealer.certificate, CMSAttributes.load(attributes), signature)
    if 2 * len(spelled) > RESERVED:
        raise SealError("The authority's certificate is too long for the seal: use a shorter name.")
    return spelled


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else "Authority"
