"""Whether a PDF opens without a password (D5; ISO 32000-2, 7.6).

Only what encrypts it is looked at: that stands in the clear and is small, while the file may be
made so that reading it fills the memory. What is found is laid into an empty PDF, and the library
tries to open that.
"""

from __future__ import annotations

import io
import re

_MARK = b"/Encrypt"
_POINTS_TO = re.compile(rb"/Encrypt\s{1,9}(\d{1,9})\s{1,9}(\d{1,5})\s{1,9}R\b")
_WRITTEN_OUT = re.compile(rb"/Encrypt\s{0,9}(?=<<)")
_FIRST_ID = re.compile(
    rb"/ID\s{0,9}\[\s{0,9}(<[0-9A-Fa-f\s]{0,200}>|\((?:\\.|[^\\()]){0,200}\))", re.S
)
# How often the mark is looked at from the end of the file; "/EncryptMetadata" begins alike.
_MOST_MARKS = 20
_LONGEST = 8_192  # of the object that says how it is encrypted, and of a trailer


def needs_password(content: bytes) -> bool:
    """Whether this PDF opens with a password only. One that anybody may open but not print, or
    that says nothing that can be read, needs none."""
    found = _encryption(content)
    if found is None:
        return False
    from pikepdf import PasswordError, Pdf, PdfError

    try:
        with Pdf.open(
            io.BytesIO(_empty_pdf(*found)),
            suppress_warnings=True,
            attempt_recovery=False,
            inherit_page_attributes=False,
        ):
            return False
    except PasswordError:
        return True
    except PdfError:
        return False


def _encryption(content: bytes) -> tuple[bytes, bytes] | None:
    """The object that says how it is encrypted, and the first half of the file's identifier, from
    which the key is made; None where it is not, or not as files are."""
    at = len(content)
    how: bytes | None
    for _ in range(_MOST_MARKS):
        at = content.rfind(_MARK, 0, at)
        if at < 0:
            return None
        if written := _WRITTEN_OUT.match(content, at):
            # Where it ends the library finds: it reads one object and leaves the rest.
            how = content[written.end() : written.end() + _LONGEST]
            break
        if pointer := _POINTS_TO.match(content, at):
            how = _object(content, b"%d %d obj" % (int(pointer[1]), int(pointer[2])))
            break
    else:
        return None
    start = max(0, at - _LONGEST)
    ids = list(_FIRST_ID.finditer(content, start, at + _LONGEST))
    if how is None or not ids:
        return None
    return how, min(ids, key=lambda one: abs(one.start() - at))[1]


def _object(content: bytes, begins: bytes) -> bytes | None:
    """The newest object that begins so, without its frame."""
    at = len(content)
    for _ in range(_MOST_MARKS):
        at = content.rfind(begins, 0, at)
        if at < 0:
            return None
        if not content[at - 1 : at].isdigit():
            break
    else:
        return None
    end = content.find(b"endobj", at, at + _LONGEST)
    return None if end < 0 else content[at + len(begins) : end]


def _empty_pdf(how: bytes, first_id: bytes) -> bytes:
    objects = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", how)
    built = b"%PDF-2.0\n"
    places = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        places.append(b"%010d 00000 n \n" % len(built))
        built += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n%b" % (len(places), b"".join(places))
    trailer = b"<</Size %d/Root 1 0 R/Encrypt 3 0 R/ID[%b%b]>>" % (len(places), first_id, first_id)
    return built + table + b"trailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (trailer, len(built))
