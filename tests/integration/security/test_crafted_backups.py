"""Finding: names in an archive that lead out of the folder it is unpacked into, or links in it,
write files anywhere on the machine (H5, H7)."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from app.cli.backups.restoring import opened
from app.cli.backups.sealed import Sealing
from app.cli.backups.types import MANIFEST, BackupFailed, Facts, Manifest
from tests.conftest import FIELD_KEY

CONTENT = b"written"


def crafted(target: Path, *members: tarfile.TarInfo) -> Path:
    """A backup whose manifest knows these members, sealed with the right key."""
    files = {one.name: hashlib.sha256(CONTENT).hexdigest() for one in members}
    manifest = Manifest("now", "sqlite", "", Facts("0001", True, {}, None, 0), files).as_json()
    with target.open("wb") as out:
        sealing = Sealing(out, FIELD_KEY)
        with (
            gzip.GzipFile("", "wb", 3, sealing) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            first = tarfile.TarInfo(MANIFEST)
            first.size = len(manifest)
            archive.addfile(first, io.BytesIO(manifest))
            for one in members:
                archive.addfile(one, io.BytesIO(CONTENT) if one.isfile() else None)
        sealing.finish()
    return target


def a_file(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = len(CONTENT)
    return member


def a_link(name: str, to: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


@pytest.mark.parametrize(
    "name",
    ["../outside", "protocols/../../outside", "/tmp/outside", "protocols//outside", "..", "a/.."],
)
def test_what_is_unpacked_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    file, near = crafted(tmp_path / "one.backup", a_file(name)), tmp_path / "near"
    near.mkdir()
    try:
        with opened(file, [FIELD_KEY], near) as (_manifest, folder):
            written = [path for path in folder.rglob("*") if path.is_file()]
            assert [path.read_bytes() for path in written] == [CONTENT]
    except BackupFailed:
        pass  # refused is as good
    assert sorted(path.name for path in tmp_path.iterdir()) == ["near", "one.backup"]
    assert list(near.iterdir()) == []
    assert not Path("/tmp/outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_a_backup_is_refused(tmp_path: Path, kind: bytes) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    file = crafted(
        tmp_path / "one.backup", a_link("database", str(target), kind), a_file("database")
    )
    with pytest.raises(BackupFailed), opened(file, [FIELD_KEY], tmp_path):
        pass
    assert target.read_bytes() == b"kept"
