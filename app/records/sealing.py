"""The authority's key and certificates: loaded once, made for the example area, renewed (F3)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from app.core.config import Settings
from app.records.document.seal import Sealer, SealError, new_authority

_HOW = (
    "Make one with `flask records new-key KEY CERTIFICATE --authority NAME` and set "
    "SEAL_KEY_FILE and SEAL_CERT_FILE."
)


def sealer_of(settings: Settings) -> Sealer:
    """The key that signs and seals, read again only when its files change.

    Raises SealError, with what to do, where there is none or where it cannot be used.
    """
    key, certificate = settings.seal_key_file, settings.seal_cert_file
    for file in (key, certificate):
        if not file.is_file():
            raise SealError(f"The authority's seal {file.name} is missing. {_HOW}")
    return _loaded(key, certificate, key.stat().st_mtime_ns, certificate.stat().st_mtime_ns)


def certificates_of(settings: Settings) -> tuple[x509.Certificate, ...]:
    """The certificates whose seals are ours: the present one, then former ones (F7).

    After a change of keys the former certificate is appended to the certificate's file, because
    a seal outlives its key. Raises SealError where there is none.
    """
    file = settings.seal_cert_file
    if not file.is_file():
        raise SealError(f"The authority's certificate {file.name} is missing. {_HOW}")
    return _certificates(file, file.stat().st_mtime_ns)


def ensure_example_seal(settings: Settings, authority: str, now: datetime) -> bool:
    """Make key and certificate for the example area where they are missing; whether it did.

    Nothing happens outside the example area: real keys are made on purpose.
    """
    if not settings.example or settings.seal_key_file.exists():
        return False
    try:
        write_authority(settings.seal_key_file, settings.seal_cert_file, authority, now)
    except FileExistsError:
        return False  # another process was first
    return True


def write_authority(key_file: Path, cert_file: Path, authority: str, now: datetime) -> None:
    """A fresh key and its own certificate into two files that do not exist yet.

    The key is readable by its owner alone. Raises FileExistsError rather than overwrite: what an
    earlier key sealed could then never be verified again.
    """
    key, certificate = new_authority(authority, now)
    for file in (key_file, cert_file):
        if file.exists():
            raise FileExistsError(f"{file} is there already")
        file.parent.mkdir(parents=True, exist_ok=True)
    # The certificate first: whoever sees a key finds its certificate as well.
    _write_new(cert_file, certificate, 0o644)
    _write_new(key_file, key, 0o600)


def certificate_request(key_file: Path, cert_file: Path) -> bytes:
    """A request in PEM to a certificate authority, for this key and its certificate's name.

    Raises SealError where they cannot be read.
    """
    sealer = Sealer.load(key_file, cert_file)
    request = x509.CertificateSigningRequestBuilder().subject_name(sealer.certificate.subject)
    return request.sign(sealer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _write_new(file: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)


@lru_cache(maxsize=4)
def _loaded(key: Path, certificate: Path, _key_changed: int, _certificate_changed: int) -> Sealer:
    return Sealer.load(key, certificate)


@lru_cache(maxsize=4)
def _certificates(file: Path, _changed: int) -> tuple[x509.Certificate, ...]:
    try:
        found: Sequence[x509.Certificate] = x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError as error:
        raise SealError(f"The certificate {file.name} cannot be read: {error}") from error
    return tuple(found)
