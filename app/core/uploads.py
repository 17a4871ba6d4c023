"""What a file that somebody sends really is: by its content, never by its name (D5, H7)."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from app.core.locked_pdf import needs_password
from app.core.refusal import Refused
from app.core.scanning import scanner

LARGEST = 15 * 1024 * 1024
LONGEST_NAME = 120
_PDF = "application/pdf"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# media type: the endings that puremagic finds, the ending the file is kept with
KINDS: dict[str, tuple[frozenset[str], str]] = {
    _PDF: (frozenset({".pdf"}), ".pdf"),
    _WORD: (frozenset({".docx"}), ".docx"),
    "application/msword": (frozenset({".doc"}), ".doc"),
    "image/png": (frozenset({".png"}), ".png"),
    "image/jpeg": (frozenset({".jpg", ".jpeg", ".jfif"}), ".jpg"),
}
_UNSAFE_IN_A_NAME = re.compile(r"[^\w .()-]+")
# What each entry in a zip file's list of contents begins with; a document has a few dozen of them.
_ENTRY, _MOST_ENTRIES = b"PK\x01\x02", 5_000
# How an older Office file begins; a newer one that has a password lies within such a file.
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_TAKE_OFF = "The file has a password: remove that and send it again, or type what it says"
_MACROS = ("vbaproject.bin", "vbadata.xml")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be kept. `name` is safe to show and to send."""

    name: str
    media_type: str
    content: bytes


def checked_upload(name: str, content: bytes, field: str = "file") -> Upload:
    """The file, if it is a PDF, a Word document, a PNG or a JPEG of 15 MB or less.

    Raises Refused naming `field`: empty, too large, of another kind, with macros, with a
    password, or infected where a scanner is configured. The ending of its name is set by
    what it is.
    """
    if not content:
        raise Refused(field, "The file is empty: choose another")
    if len(content) > LARGEST:
        raise Refused(field, "The file is larger than 15 MB: send a smaller one")
    if content.startswith(_OLE) and _LOCKED in content:
        raise Refused(field, _TAKE_OFF)
    media_type = _media_type(content)
    if media_type is None:
        raise Refused(field, "Send a PDF, a Word document, or a picture (PNG or JPEG)")
    if media_type == _WORD and _has_macros(content):
        raise Refused(field, "The document holds macros: save it as PDF and send that")
    if media_type == _PDF and needs_password(content):
        raise Refused(field, _TAKE_OFF)
    scanner.check(content, field)
    return Upload(safe_name(name, KINDS[media_type][1]), media_type, content)


def safe_name(name: str, ending: str) -> str:
    """A file name without path, control characters or a misleading ending."""
    last = re.split(r"[\\/]", name)[-1]
    stem = _UNSAFE_IN_A_NAME.sub("-", last.rpartition(".")[0] or last).strip(" .-")
    return f"{stem[:LONGEST_NAME] or 'report'}{ending}"


def _media_type(content: bytes) -> str | None:
    # The library finds candidates by their marks; each must also begin as its kind does.
    import puremagic

    try:
        found = {match.extension.lower() for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        return None
    for media_type, (endings, _ending) in KINDS.items():
        if found & endings and _begins_as(media_type, content):
            return media_type
    return None


def _begins_as(media_type: str, content: bytes) -> bool:
    match media_type:
        case "application/pdf":
            return content.startswith(b"%PDF-")
        case "image/png":
            return content.startswith(b"\x89PNG\r\n\x1a\n")
        case "image/jpeg":
            return content.startswith(b"\xff\xd8\xff")
        case "application/msword":
            mark = "WordDocument".encode("utf-16-le")
            return content.startswith(_OLE) and mark in content
        case _:
            return "word/document.xml" in _names_in(content)


def _has_macros(content: bytes) -> bool:
    return any(name.lower().endswith(_MACROS) for name in _names_in(content))


def _names_in(content: bytes) -> list[str]:
    if content.count(_ENTRY) > _MOST_ENTRIES:
        return []  # a list of contents that would fill the memory is no document's
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return []
