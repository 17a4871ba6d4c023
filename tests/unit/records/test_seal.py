from __future__ import annotations

import io
import random
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from app.records.document.cms import message as written
from app.records.document.readers import for_reader
from app.records.document.render import render
from app.records.document.seal import (
    P256_ORDER,
    Sealer,
    SealError,
    Statement,
    new_authority,
    seal,
    sign_hash,
    verify_hash,
)
from app.records.document.verify import attached_record, verify_seal
from tests.unit.records import contents
from tests.unit.records.conftest import MADE

STATEMENT = Statement("SD-7KQ4-M2XP", 1, "Helen Marsh", "Duty manager", contents.SIGNED, "ab" * 32)


@pytest.fixture(scope="module")
def rendered() -> bytes:
    return render(for_reader(contents.content(), contents.SCHOOL))


@pytest.fixture(scope="module")
def sealed(rendered: bytes, sealer: Sealer) -> bytes:
    return seal(rendered, sealer, contents.SIGNED)


def seal_place(sealed: bytes) -> tuple[int, int]:
    found = re.search(rb"/ByteRange ?\[ ?\d+ (\d+) (\d+) ", sealed)
    assert found
    return int(found[1]), int(found[2])


def flipped(sealed: bytes, position: int, bit: int) -> bytes:
    changed = bytearray(sealed)
    changed[position] ^= 1 << bit
    return bytes(changed)


def test_a_sealed_file_is_genuine(sealed: bytes, sealer: Sealer) -> None:
    verdict = verify_seal(sealed, sealer.certificate)
    assert verdict.genuine
    assert verdict.problem == ""


def test_pyhanko_agrees(sealed: bytes, sealer: Sealer, tmp_path: Path) -> None:
    """The seal is a PAdES signature that others can check, not only we."""
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(sealer.certificate.public_bytes(serialization.Encoding.PEM))
    context = ValidationContext(trust_roots=[load_cert_from_pemder(str(pem))])

    def bottom_line(pdf: bytes) -> bool:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
        return bool(validate_pdf_signature(embedded, context).bottom_line)

    assert bottom_line(sealed)
    assert not bottom_line(flipped(sealed, 2000, 0))


def test_the_seal_is_invisible_and_bears_the_time_that_was_passed(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert [float(edge) for edge in field.get("/Rect", [0, 0, 0, 0])] == [0, 0, 0, 0]
        assert field.V.SubFilter == pikepdf.Name("/ETSI.CAdES.detached")
        assert str(field.V.M).startswith("D:20261119153200")


def test_a_flipped_bit_anywhere_breaks_the_seal(sealed: bytes, sealer: Sealer) -> None:
    begin, end = seal_place(sealed)
    structural = [
        0,
        5,
        len(sealed) - 1,
        sealed.rindex(b"startxref") + 11,
        sealed.index(b"/ByteRange") + 1,
        sealed.index(b"/ByteRange") + 14,
        sealed.rindex(b"/Root"),
        begin - 1,
        begin,
        begin + 1,
        begin + 40,
        begin + 900,
        begin + 1700,
        begin + 2300,
        end - 2,
        end - 1,
        end,
    ]
    chance = random.Random(20261119)
    spread = [chance.randrange(len(sealed)) for _ in range(45)]
    for position in structural + spread:
        verdict = verify_seal(flipped(sealed, position, position % 8), sealer.certificate)
        assert not verdict.genuine, position
        assert not verdict.intact, position
        assert verdict.problem


def test_of_a_thousand_changes_of_one_byte_none_verifies(sealed: bytes, sealer: Sealer) -> None:
    chance = random.Random(20261121)
    for position in chance.sample(range(len(sealed)), 1000):
        changed = bytearray(sealed)
        changed[position] = (changed[position] + chance.randrange(1, 256)) % 256
        assert not verify_seal(bytes(changed), sealer.certificate).intact, position


@pytest.mark.long
def test_no_bit_of_the_seal_itself_can_change(sealed: bytes, sealer: Sealer) -> None:
    begin, end = seal_place(sealed)
    chance = random.Random(20261120)
    elsewhere = [chance.randrange(len(sealed)) for _ in range(3000)]
    for position in [*range(begin - 400, min(begin + 2600, end)), *elsewhere]:
        for bit in range(8):
            assert not verify_seal(flipped(sealed, position, bit), sealer.certificate).intact


def test_the_other_spelling_of_the_same_seal_is_refused(sealed: bytes, sealer: Sealer) -> None:
    """Letter case and padding in the seal's place carry no meaning, and still must not change."""
    begin, end = seal_place(sealed)
    lower = sealed[:begin] + sealed[begin:end].lower() + sealed[end:]
    padded = sealed[: end - 3] + b"1" + sealed[end - 2 :]
    for changed in (lower, padded):
        assert changed != sealed
        assert not verify_seal(changed, sealer.certificate).intact


def test_the_mirrored_signature_is_refused(sealed: bytes, sealer: Sealer) -> None:
    """(r, n - s) is as valid as (r, s), and anybody can compute it."""
    from asn1crypto import cms

    begin, end = seal_place(sealed)
    message = cms.ContentInfo.load(bytes.fromhex(sealed[begin + 1 : end - 1].decode()))
    signature = message["content"]["signer_infos"][0]["signature"].native
    r, s = decode_dss_signature(signature)
    mirrored = encode_dss_signature(r, P256_ORDER - s)
    attributes = message["content"]["signer_infos"][0]["signed_attrs"]

    def sealed_with(spelled: bytes) -> bytes:
        anew = written(sealer.certificate, attributes, spelled).hex().upper().encode()
        return sealed[: begin + 1] + anew.ljust(end - begin - 2, b"0") + sealed[end - 1 :]

    assert sealed_with(signature) == sealed
    assert sealed_with(mirrored) != sealed
    assert not verify_seal(sealed_with(mirrored), sealer.certificate).intact
    changed_statement = encode_dss_signature(
        *(lambda r, s: (r, P256_ORDER - s))(*decode_dss_signature(sign_hash(sealer, STATEMENT)))
    )
    assert not verify_hash(sealer.certificate, STATEMENT, changed_statement)


def test_what_is_added_cut_or_sealed_again_is_seen(
    sealed: bytes, sealer: Sealer, other_sealer: Sealer
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    update = IncrementalPdfFileWriter(io.BytesIO(sealed))
    update.root["/Lang"] = update.root["/Lang"]
    update.update_root()
    appended = io.BytesIO()
    update.write(appended)
    for changed in (
        sealed + b"\n",
        sealed + b"\x00" * 1000,
        sealed[:-1],
        sealed[: len(sealed) // 2],
        b"\n" + sealed,
        sealed + sealed,
        appended.getvalue(),
    ):
        verdict = verify_seal(changed, sealer.certificate)
        assert not verdict.intact
        assert not verdict.covers_whole_file
        assert verdict.problem
    with pytest.raises(SealError, match="a seal already"):
        seal(sealed, other_sealer, contents.SIGNED)


def test_a_seal_of_the_same_name_by_another_key_is_not_ours(
    rendered: bytes, sealer: Sealer, other_sealer: Sealer
) -> None:
    verdict = verify_seal(seal(rendered, other_sealer, contents.SIGNED), sealer.certificate)
    assert verdict.intact
    assert not verdict.ours
    assert not verdict.genuine
    assert "not ours" in verdict.problem


def test_a_seal_by_a_former_key_is_still_ours(
    sealed: bytes, sealer: Sealer, other_sealer: Sealer
) -> None:
    assert verify_seal(sealed, [other_sealer.certificate, sealer.certificate]).genuine
    assert not verify_seal(sealed, []).genuine


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"%PDF-",
        b"%PDF-1.7\n/ByteRange [0 9 9 9]",
        b"%PDF-1.7\n/ByteRange [0 0 0 0]" * 3,
        b"PK\x03\x04" + bytes(1000),
        bytes(range(256)) * 40,
        b"%PDF-1.7 /ByteRange[0 99999999999 1 1]",
    ],
)
def test_garbage_is_answered_in_words(garbage: bytes, sealer: Sealer) -> None:
    verdict = verify_seal(garbage, sealer.certificate)
    assert not verdict.intact
    assert not verdict.genuine
    assert verdict.problem
    assert attached_record(garbage) is None


@pytest.mark.parametrize(
    "filling", [b"00" * 4096, b"FF" * 4096, b"30" * 4096, b"3082" * 2048, b"30820FF0" * 1024]
)
def test_a_forged_seal_is_answered_in_words(filling: bytes, sealed: bytes, sealer: Sealer) -> None:
    begin, end = seal_place(sealed)
    forged = sealed[: begin + 1] + filling + sealed[end - 1 :]
    assert len(forged) == len(sealed)
    verdict = verify_seal(forged, sealer.certificate)
    assert not verdict.intact
    assert verdict.problem


def test_an_unsealed_copy_has_a_record_and_no_seal(rendered: bytes, sealer: Sealer) -> None:
    assert verify_seal(rendered, sealer.certificate).problem == "The file bears no seal."
    assert attached_record(rendered) is not None


def test_a_name_that_looks_like_a_seal_does_no_harm(sealer: Sealer) -> None:
    reader = replace(contents.SCHOOL, name="/ByteRange [0 1 2 3]")
    copy = for_reader(contents.content(), reader)
    assert verify_seal(seal(render(copy), sealer, contents.SIGNED), sealer.certificate).genuine


def test_what_is_no_pdf_cannot_be_sealed(sealer: Sealer) -> None:
    with pytest.raises(SealError, match="cannot be sealed"):
        seal(b"not a PDF", sealer, contents.SIGNED)


def test_a_process_that_verified_first_can_still_seal(
    rendered: bytes, sealed: bytes, sealer: Sealer, tmp_path: Path
) -> None:
    """asn1crypto fixes its names at first use: whoever comes first must have loaded them all."""
    encoding = serialization.Encoding.PEM
    (tmp_path / "key.pem").write_bytes(
        sealer.key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (tmp_path / "certificate.pem").write_bytes(sealer.certificate.public_bytes(encoding))
    (tmp_path / "rendered.pdf").write_bytes(rendered)
    (tmp_path / "sealed.pdf").write_bytes(sealed)
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.records.document.seal import Sealer, seal
from app.records.document.verify import verify_seal
folder = Path(sys.argv[1])
sealer = Sealer.load(folder / "key.pem", folder / "certificate.pem")
assert verify_seal((folder / "sealed.pdf").read_bytes(), sealer.certificate).genuine
again = seal((folder / "rendered.pdf").read_bytes(), sealer, datetime.now(UTC))
assert verify_seal(again, sealer.certificate).genuine
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)


def test_keys_that_cannot_seal_are_refused(tmp_path: Path) -> None:
    key, certificate = new_authority("Exampleshire County Council", MADE)
    other, _ = new_authority("Exampleshire County Council", MADE)
    wrong_curve = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    cases = [
        (key, b"", "cannot be read"),
        (b"", certificate, "cannot be read"),
        (other, certificate, "belongs to another key"),
        (wrong_curve, certificate, "not ECDSA P-256"),
    ]
    key_path, certificate_path = tmp_path / "key.pem", tmp_path / "certificate.pem"
    with pytest.raises(SealError, match="cannot be read"):
        Sealer.load(key_path, certificate_path)
    for key_bytes, certificate_bytes, words in cases:
        key_path.write_bytes(key_bytes)
        certificate_path.write_bytes(certificate_bytes)
        with pytest.raises(SealError, match=words):
            Sealer.load(key_path, certificate_path)
    key_path.write_bytes(key)
    certificate_path.write_bytes(certificate)
    assert Sealer.load(key_path, certificate_path).certificate


def test_an_authority_with_a_long_name_can_seal(rendered: bytes) -> None:
    from tests.unit.records.conftest import a_sealer

    sealer = a_sealer("The Royal Borough of Long-Winded and Verbose-upon-Example, " * 3)
    assert verify_seal(seal(rendered, sealer, contents.SIGNED), sealer.certificate).genuine


def test_a_signed_statement_holds_for_itself_alone(sealer: Sealer, other_sealer: Sealer) -> None:
    signature = sign_hash(sealer, STATEMENT)
    assert verify_hash(sealer.certificate, STATEMENT, signature)
    assert not verify_hash(other_sealer.certificate, STATEMENT, signature)
    for changed in (
        replace(STATEMENT, version=2),
        replace(STATEMENT, reference="SD-7KQ4-M2XQ"),
        replace(STATEMENT, name="Helen Mars", role="hDuty manager"),
        replace(STATEMENT, signed_at=contents.SIGNED + timedelta(seconds=1)),
        replace(STATEMENT, canonical_sha256="ac" * 32),
    ):
        assert not verify_hash(sealer.certificate, changed, signature)
    for garbage in (b"", b"\x30", signature[:-1], signature + b"\x00"):
        assert not verify_hash(sealer.certificate, STATEMENT, garbage)
