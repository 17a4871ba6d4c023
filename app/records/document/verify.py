"""Says whether a file is what the authority sealed, to the byte (F7).

The check reads bytes, not PDF objects: the seal covers everything from the first byte to the last
but its own place, and that place must be spelled exactly as we spell it. So there is no byte whose
change, and no update appended, that leaves a seal intact, and no parser that an odd file could
lead astray.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.records.document import cms
from app.records.document.seal import RESERVED, low_form

BYTE_RANGE = re.compile(rb"/ByteRange ?\[ ?(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10}) *\]")
LONGEST_ATTACHMENT = 16 * 1024 * 1024
MOST_VALUES = 200_000  # a record of sixty pages has some thousands
_STREAM, _STREAM_ENDS = re.compile(rb"stream\r?\n"), b"endstream"
_HEAD = 1024  # bytes: more than what stands before the first byte of anything packed


@dataclass(frozen=True, slots=True)
class SealVerdict:
    """What the check found. A file is genuine if all three hold; `problem` says what does not.

    `intact`: the bytes are those that were sealed. `ours`: by a key of this authority.
    `covers_whole_file`: no byte stands outside the seal.
    """

    intact: bool
    ours: bool
    covers_whole_file: bool
    problem: str = ""

    @property
    def genuine(self) -> bool:
        return self.intact and self.ours and self.covers_whole_file


class _Flaw(Exception):
    """Why a file is not what was sealed, in words for a person."""


def verify_seal(pdf: bytes, trusted: x509.Certificate | Sequence[x509.Certificate]) -> SealVerdict:
    """Whether the file is, byte for byte, one that a key of this authority sealed.

    `trusted` holds the authority's certificate, or the present one and the former ones: a seal
    outlives a change of keys. Trust is in these certificates alone, so their dates and issuers do
    not matter. Never raises on a file, whatever it holds. Source: F7.
    """
    certificates = [trusted] if isinstance(trusted, x509.Certificate) else list(trusted)
    try:
        before, gap, after = _parts(pdf)
    except _Flaw as flaw:
        return SealVerdict(False, False, False, str(flaw))
    try:
        message = _message(gap)
        certificate = _sealed_by(message)
        ours = certificate in certificates
        _check(message, certificate, hashlib.sha256(before + after).digest())
    except _Flaw as flaw:
        return SealVerdict(False, False, True, str(flaw))
    except Exception as error:  # the seal's own bytes come from outside and may be anything
        return SealVerdict(False, False, True, f"The seal cannot be read ({type(error).__name__}).")
    if not ours:
        return SealVerdict(True, False, True, "The file was sealed with a key that is not ours.")
    return SealVerdict(True, True, True)


def attached_record(pdf: bytes) -> dict[str, Any] | None:
    """The record.json inside a copy, or None where there is none that can be read.

    It says what the file claims: believe it only after `verify_seal`. Anybody may hand in a file,
    and a few bytes in a PDF can be told to swell to gigabytes, so none is opened here: its streams
    are looked through for JSON, and of all of them together no more is unpacked than
    `LONGEST_ATTACHMENT`, and no more values than `MOST_VALUES` are made of it.
    """
    left, values, end = LONGEST_ATTACHMENT, MOST_VALUES, 0
    while begins := _STREAM.search(pdf, end):
        end = pdf.find(_STREAM_ENDS, begins.end())
        if end < 0:
            return None
        packed = memoryview(pdf)[begins.end() : end]
        end += len(_STREAM_ENDS)
        try:
            # The first byte alone tells pages, fonts and pictures apart from JSON.
            if zlib.decompressobj().decompress(packed[:_HEAD], 1) != b"{":
                continue
            unpacked = zlib.decompressobj().decompress(packed, left)
            left -= len(unpacked)
            # Bytes are not all: sixteen million of them can say eight million lists.
            values -= sum(map(unpacked.count, (b"[", b"{", b",")))
            if left <= 0 or values <= 0:
                return None
            record = json.loads(unpacked)
        except (zlib.error, ValueError, RecursionError):
            continue  # whatever is wrong with a file from outside, this holds no record
        if isinstance(record, dict):
            return record
    return None


def _parts(pdf: bytes) -> tuple[bytes, bytes, bytes]:
    """The bytes before the seal's place, in it, and after it."""
    if not pdf.startswith(b"%PDF-"):
        raise _Flaw("This is not a PDF file.")
    ranges = {tuple(map(int, found.groups())) for found in BYTE_RANGE.finditer(pdf)}
    if not ranges:
        raise _Flaw("The file bears no seal.")
    # Text that merely looks like a range may stand in the file, for example in a name.
    whole = [
        (first, second)
        for start, first, second, rest in ranges
        if start == 0 and second - first == RESERVED + 2 and second + rest == len(pdf)
    ]
    if len(whole) != 1:
        raise _Flaw("The seal does not cover the whole file: something was added or cut off.")
    first, second = whole[0]
    return pdf[:first], pdf[first:second], pdf[second:]


def _message(gap: bytes) -> Any:
    """The CMS message in the seal's place, if the place is spelled as we spell it.

    asn1crypto fixes its table of names at first use, so what pyHanko adds to it must be loaded
    before; otherwise this process could not seal any more.
    """
    import_module("pyhanko.sign.signers")
    from asn1crypto.cms import ContentInfo

    digits = gap[1:-1]
    if gap[:1] != b"<" or gap[-1:] != b">" or not re.fullmatch(rb"[0-9A-F]+", digits):
        raise _Flaw("The seal itself was changed.")
    spelled = bytes.fromhex(digits.decode("ascii"))
    message = ContentInfo.load(spelled, strict=False)
    if message.dump() + bytes(len(spelled) - len(message.dump())) != spelled:
        raise _Flaw("The seal itself was changed.")
    return message


def _sealed_by(message: Any) -> x509.Certificate:
    certificates = message["content"]["certificates"]
    if len(certificates) != 1:
        raise _Flaw("The seal itself was changed.")
    return x509.load_der_x509_certificate(certificates[0].chosen.dump())


def _check(message: Any, certificate: x509.Certificate, digest: bytes) -> None:
    """Raise `_Flaw` unless the signature holds over the digest and nothing in the seal is odd.

    The message is written anew from what the signature covers, and must come out the same.
    """
    signer = message["content"]["signer_infos"][0]
    attributes = signer["signed_attrs"].untag()
    attested = {item["type"].native: item["values"] for item in attributes}
    if attested["message_digest"].native != [digest]:
        raise _Flaw("The file was changed after it was sealed.")
    holders = [c["cert_hash"].native for c in attested["signing_certificate_v2"][0]["certs"]]
    if holders != [certificate.fingerprint(hashes.SHA256())]:
        raise _Flaw("The seal itself was changed.")
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _Flaw("The seal is of a kind that we do not make.")
    signature = signer["signature"].native
    try:
        key.verify(signature, attributes.dump(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise _Flaw("The signature in the seal does not hold.") from None
    if low_form(signature) != signature:
        raise _Flaw("The seal itself was changed.")
    if cms.message(certificate, signer["signed_attrs"], signature) != message.dump():
        raise _Flaw("The seal itself was changed.")
