"""A Word document with a password is refused with what to do about it (D5)."""

from __future__ import annotations

import pytest

from app.core.refusal import Refused
from app.core.uploads import checked_upload

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def test_a_word_document_with_a_password_is_named_as_one():
    locked = OLE + "EncryptionInfo".encode("utf-16-le") + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(Refused, match="has a password"):
        checked_upload("report.docx", locked)
    with pytest.raises(Refused, match="Send a PDF"):
        checked_upload("table.xls", OLE + "Workbook".encode("utf-16-le"))
