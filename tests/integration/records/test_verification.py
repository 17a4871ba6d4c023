"""Genuine, changed, superseded, unknown, and a register that was touched (F7)."""

from __future__ import annotations

import io
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.cli.records import records as commands
from app.core.config import Settings
from app.core.session import db, reading, transaction
from app.records import circulation, releasing, service, worker
from app.records.document.canonical import canonical_bytes
from app.records.document.render import render
from app.records.document.seal import Sealer, seal
from app.records.document.verify import attached_record
from app.records.keys import cipher_of
from app.records.models import RecordCopy, RecordVersion
from app.records.rules import verdict_words
from app.records.sealing import certificates_of, write_authority
from app.records.types import Found, Verdict
from app.records.verification import verify_file
from tests.clock import FRIDAY
from tests.conftest import copied, settings_for
from tests.factories.meetings import Meeting
from tests.factories.records import make_releaser, make_signed, sign_as_chair

AFTER = FRIDAY + timedelta(days=1)


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


class Issued(NamedTuple):
    """One discussion with a circulated record: its database, its keys, and one reader's copy."""

    template: Path | str
    folder: Path
    meeting_id: int
    pdf: bytes


def issue(template: Path | str, folder: Path, request: pytest.FixtureRequest) -> Issued:
    if isinstance(template, Path):
        kept: Path | str = shutil.copy(template, folder / "issued.sqlite3")
        url = f"sqlite:///{kept}"
    else:
        kept = "template_issued"
        url = request.getfixturevalue("postgres").create(kept, template)
    app = create_app(settings_for(folder, url))
    with app.app_context():
        with transaction() as session:
            meeting, _ = make_signed(session, settings_of(app), AFTER, invitees=2, children=1)
            kept_back = {meeting.invitees[0].id: "Has the full copy"}  # printing one is slow enough
            releasing.release(session, make_releaser(session), meeting, 1, kept_back, True, AFTER)
        worker.make_copies(settings_of(app), AFTER)
        file = circulation.copy_for_invitee(reading(), meeting.invitees[1].id)
        assert file is not None
        found = Issued(kept, folder, meeting.id, file.pdf)
        db.session.remove()
        db.engine.dispose()
    return found


@pytest.fixture(scope="module")
def issued_on() -> dict[str, Issued]:
    """By engine. Printed and sealed once: each test goes on with a copy of its own."""
    return {}


@pytest.fixture
def issued_here(
    template: Path | str,
    engine_name: str,
    issued_on: dict[str, Issued],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Issued:
    if engine_name not in issued_on:
        issued_on[engine_name] = issue(template, tmp_path_factory.mktemp("issued"), request)
    return issued_on[engine_name]


@pytest.fixture
def database_url(
    issued_here: Issued, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    shutil.copytree(issued_here.folder / "keys", tmp_path / "keys")
    with copied(issued_here.template, tmp_path, request) as url:
        yield url


@pytest.fixture
def issued(in_app: Flask, issued_here: Issued) -> tuple[Meeting, bytes]:
    """A discussion with a circulated record, and one reader's copy."""
    return reading().get_one(Meeting, issued_here.meeting_id), issued_here.pdf


def checked(app: Flask, pdf: bytes) -> Verdict:
    reading().rollback()
    return verify_file(reading(), pdf, certificates_of(settings_of(app)))


def test_a_copy_as_issued_is_genuine(in_app: Flask, issued: tuple[Meeting, bytes]) -> None:
    meeting, pdf = issued
    verdict = checked(in_app, pdf)
    assert verdict.found is Found.GENUINE, verdict
    assert (verdict.reference, verdict.version) == (meeting.ref, 1)
    assert verdict.signed_at == verdict.issued_at == AFTER
    assert len(verdict.sha256) == 64


def test_one_flipped_byte_anywhere_is_a_changed_file(
    in_app: Flask, issued: tuple[Meeting, bytes]
) -> None:
    _, pdf = issued
    seal_at = pdf.rindex(b"/Contents <") + 400
    places = [*range(12, len(pdf), len(pdf) // 25), seal_at, len(pdf) - 3]
    for place in places:
        flipped = bytearray(pdf)
        flipped[place] ^= 1
        assert checked(in_app, bytes(flipped)).found is Found.CHANGED, place


@pytest.mark.parametrize("ending", [b"\n", b"%%EOF\n", b"\x00"])
def test_bytes_added_at_the_end_are_a_change(
    in_app: Flask, issued: tuple[Meeting, bytes], ending: bytes
) -> None:
    assert checked(in_app, issued[1] + ending).found is Found.CHANGED


def test_an_older_version_is_genuine_but_superseded(
    in_app: Flask, issued: tuple[Meeting, bytes]
) -> None:
    meeting, pdf = issued
    with transaction() as session:
        held = session.get_one(type(meeting), meeting.id)
        service.correct(session, make_releaser(session), held, "A wrong date", AFTER)
        sign_as_chair(session, settings_of(in_app), held, AFTER + timedelta(hours=2))
    verdict = checked(in_app, pdf)
    assert (verdict.found, verdict.version, verdict.newest) == (Found.SUPERSEDED, 1, 2)
    assert verdict.genuine


def test_somebody_elses_files_are_unknown(
    in_app: Flask, issued: tuple[Meeting, bytes], tmp_path: Path
) -> None:
    from app.records.document.readers import for_reader
    from tests.unit.records.contents import POLICE, content

    stranger = render(for_reader(content(), POLICE))
    write_authority(tmp_path / "k", tmp_path / "c", "Another Council", FRIDAY)
    other = Sealer.load(tmp_path / "k", tmp_path / "c")
    for file in (stranger, seal(stranger, other, AFTER), b"", b"%PDF-1.7 nothing", b"\x00" * 99):
        verdict = checked(in_app, file)
        assert (verdict.found, verdict.reference) == (Found.UNKNOWN, "")


def test_a_file_without_a_seal_that_names_our_hash_is_not_said_to_be_sealed(
    in_app: Flask, issued: tuple[Meeting, bytes]
) -> None:
    """The hash stands on every copy: anybody may write it into a file."""
    named, file = attached_record(issued[1]), io.BytesIO()
    assert named is not None
    with pikepdf.new() as document:
        copied_hash = {"canonical_sha256": named["canonical_sha256"]}
        document.attachments["record.json"] = json.dumps(copied_hash).encode()
        document.save(file)
    verdict = checked(in_app, file.getvalue())
    assert verdict.found is Found.CHANGED
    (first, *_) = verdict_words(verdict)[1]
    assert first.startswith("It bears our seal or names a record of ours, but it is not")


@pytest.mark.parametrize(
    "bomb", [b'{"a":[' + b"[]," * 900_000 + b"[]]}", b'{"a":' + b"[" * 300_000]
)
def test_a_small_file_that_unpacks_to_millions_of_values_is_not_taken_apart(
    monkeypatch: pytest.MonkeyPatch, bomb: bytes
) -> None:
    def never(_text: bytes) -> None:
        raise AssertionError("it was made into values")

    monkeypatch.setattr("app.records.document.verify.json.loads", never)
    packed = b"%PDF-1.7\nstream\n" + zlib.compress(bomb) + b"endstream"
    assert len(packed) < 16_384
    assert attached_record(packed) is None


def test_our_seal_on_a_file_that_was_never_issued_is_unknown(
    in_app: Flask, issued: tuple[Meeting, bytes]
) -> None:
    from app.records.document.readers import for_reader
    from app.records.sealing import sealer_of
    from tests.unit.records.contents import POLICE, content

    file = seal(render(for_reader(content(), POLICE)), sealer_of(settings_of(in_app)), AFTER)
    verdict = checked(in_app, file)
    assert verdict.found is Found.UNKNOWN
    assert "seal" in verdict.problem


TAMPERING = {
    "another hash": "UPDATE record_version SET sha256 = 'f00'",
    "another statement": "UPDATE record_version SET statement = statement || 'x'",
    "another signer": "UPDATE record_version SET signature = (SELECT content FROM record_version)",
    "another content": "UPDATE record_version SET content = signature",
    "another number": "UPDATE record_version SET number = 7, correction_reason = 'x'",
}


@pytest.mark.parametrize("how", TAMPERING)
def test_a_register_that_was_rewritten_is_noticed(
    in_app: Flask, issued: tuple[Meeting, bytes], how: str, engine_name: str
) -> None:
    drop = "DROP TRIGGER record_version_no_update"
    with transaction() as session:
        session.execute(text(drop + (" ON record_version" if engine_name != "sqlite" else "")))
        session.execute(text(TAMPERING[how]))
    assert checked(in_app, issued[1]).found is Found.BROKEN


def test_other_words_put_in_the_place_of_those_that_were_signed_are_noticed(
    in_app: Flask, issued: tuple[Meeting, bytes], engine_name: str
) -> None:
    drop = "DROP TRIGGER record_version_no_update"
    with transaction() as session:
        session.execute(text(drop + (" ON record_version" if engine_name != "sqlite" else "")))
        version = session.query(RecordVersion).one()
        signed = service.content_of(session, version)
        other = replace(signed, record=replace(signed.record, actions=()))
        version.content = cipher_of(session, version.key_id).close(canonical_bytes(other))
    verdict = checked(in_app, issued[1])
    assert verdict.found is Found.BROKEN
    assert "hash" in verdict.problem


def test_a_former_certificate_is_still_ours(
    in_app: Flask, issued: tuple[Meeting, bytes], tmp_path: Path
) -> None:
    settings = settings_of(in_app)
    former = settings.seal_cert_file.read_bytes()
    for file in (settings.seal_key_file, settings.seal_cert_file):
        file.unlink()
    write_authority(settings.seal_key_file, settings.seal_cert_file, "Ashford Vale", AFTER)
    assert checked(in_app, issued[1]).found is Found.BROKEN
    with settings.seal_cert_file.open("ab") as out:
        out.write(former)
    assert checked(in_app, issued[1]).found is Found.GENUINE


def test_the_command_says_it_and_ends_with_0_or_1(
    app: Flask, in_app: Flask, issued: tuple[Meeting, bytes], tmp_path: Path
) -> None:
    meeting, pdf = issued
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(pdf)
    bad.write_bytes(pdf[:-1])
    run = app.test_cli_runner().invoke
    said = run(commands, ["verify", str(good)])
    assert said.exit_code == 0, said.output
    assert "genuine" in said.output
    assert meeting.ref in said.output
    said = run(commands, ["verify", str(bad)])
    assert said.exit_code == 1
    assert "changed" in said.output
    assert "Okonjo" not in said.output
    assert run(commands, ["verify", str(tmp_path / "none.pdf")]).exit_code == 2


def test_the_command_makes_a_key_once(app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    key, cert, csr = tmp_path / "key.pem", tmp_path / "cert.pem", tmp_path / "csr.pem"
    given = ["new-key", str(key), str(cert), "--authority", "Ashford Vale", "--request", str(csr)]
    said = run(commands, given)
    assert said.exit_code == 0, said.output
    assert key.stat().st_mode & 0o077 == 0
    assert b"CERTIFICATE REQUEST" in csr.read_bytes()
    Sealer.load(key, cert)
    before = key.read_bytes()
    again = run(commands, given)
    assert again.exit_code == 1
    assert "Nothing is overwritten" in again.output
    assert key.read_bytes() == before


def test_every_copy_is_kept_as_bytes_that_only_the_key_opens(
    in_app: Flask, issued: tuple[Meeting, bytes]
) -> None:
    with transaction() as session:
        assert all(b"%PDF" not in bytes(copy.pdf) for copy in session.query(RecordCopy))
