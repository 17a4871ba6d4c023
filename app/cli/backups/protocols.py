"""What a restore does about the council's own protocol files: bring them, or say what is missing
before anything is written (H5, B1)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.cli.backups.types import BackupFailed, Manifest
from app.protocols.loading import council_files, load_protocols
from app.protocols.problems import ProtocolError
from app.protocols.types import Protocol


@dataclass(frozen=True, slots=True)
class Bringing:
    """`missing`: files of the backup that are put into `folder`. `different`: names of files that
    are there with other content, and stay as they are."""

    folder: Path | None
    missing: tuple[Path, ...] = ()
    different: tuple[str, ...] = ()

    def bring(self) -> Iterator[Path]:
        """Write what is missing, never over anything; give back each file that was written.
        Raises BackupFailed where one cannot be written."""
        if self.folder is None or not self.missing:
            return
        try:
            self.folder.mkdir(mode=0o755, exist_ok=True)
            for source in self.missing:
                target = self.folder / source.name
                with target.open("xb") as out:
                    out.write(source.read_bytes())
                yield target
        except OSError as error:
            raise BackupFailed(
                f"The protocol files cannot be written to {self.folder}: {error.strerror}."
            ) from error


def bringing(manifest: Manifest, unpacked: Path, folder: Path | None) -> Bringing:
    """What is to be brought so that the restored installation starts and has its protocol.

    `unpacked` holds the council's own files of the backup, `folder` is where they belong: what
    --protocols or PROTOCOLS_DIR names, None where neither does. Raises BackupFailed, saying what is
    missing and what to do; nothing is written here.
    """
    held = [unpacked / Path(name).name for name in manifest.own_protocols]
    if folder is None and held:
        raise BackupFailed(
            f"This backup holds the council's own protocols ({_names(held)}), and PROTOCOLS_DIR is "
            "not set: say --protocols DIRECTORY, to which they are written, and set PROTOCOLS_DIR "
            "to it."
        )
    if folder is None or not (held or folder.is_dir()):
        _refuse_unknown(manifest, load_protocols(), "PROTOCOLS_DIR")
        return Bringing(None)
    there = {path.name: path for path in council_files(folder)} if folder.is_dir() else {}
    missing = tuple(path for path in held if path.name not in there)
    if missing and not _may_write(folder):
        raise BackupFailed(
            f"{_names(missing)} is missing in {folder}, and this user may not write there: let it, "
            "or say --protocols with another directory and set PROTOCOLS_DIR to that."
        )
    _refuse_unknown(manifest, _together(list(there.values()), missing, folder), str(folder))
    different = tuple(
        path.name
        for path in held
        if path.name in there and there[path.name].read_bytes() != path.read_bytes()
    )
    return Bringing(folder, missing, different)


def _together(there: list[Path], missing: tuple[Path, ...], folder: Path) -> Mapping[str, Protocol]:
    """All protocols as the next start will find them."""
    with tempfile.TemporaryDirectory(prefix="protocols-") as name:
        for path in (*there, *missing):
            shutil.copyfile(path, Path(name, path.name))
        try:
            return load_protocols(Path(name))
        except ProtocolError as error:
            said = str(error).replace(name, str(folder))
            raise BackupFailed(
                "With the council's own protocols of this backup the application would not start: "
                f"{said} Put a mended file of that name into {folder}, then restore again."
            ) from error


def _refuse_unknown(manifest: Manifest, known: Mapping[str, Protocol], folder: str) -> None:
    if manifest.protocol is not None and manifest.protocol not in known:
        raise BackupFailed(
            f'The council works by the protocol "{manifest.protocol}", whose file is neither in '
            f"this backup nor in {folder}: put it there, then restore again."
        )


def _may_write(folder: Path) -> bool:
    there = folder if folder.exists() else folder.absolute().parent
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _names(files: list[Path] | tuple[Path, ...]) -> str:
    return ", ".join(path.name for path in files)
