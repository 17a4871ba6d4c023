"""Finding: a small file that unpacks to gigabytes, or lists a million parts, fills the memory of
whoever opens it; anybody may send one (D5, F7)."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.core.refusal import Refused
from app.core.uploads import checked_upload
from app.records.document.verify import LONGEST_ATTACHMENT, attached_record

CLAIM = {"canonical_sha256": "a" * 64}
HUGE = 6 * LONGEST_ATTACHMENT


@contextmanager
def within(most: int) -> Iterator[None]:
    """What is done here holds no more bytes at once than these."""
    tracemalloc.start()
    try:
        yield
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak:,} bytes"


def pdf(*streams: bytes) -> bytes:
    parts = [b"stream\n" + one + b"\nendstream\n" for one in streams]
    return b"%PDF-1.7\n" + b"".join(parts) + b"%%EOF\n"


def swelling(size: int) -> bytes:
    """JSON of this many bytes, all of them blanks but the last, packed."""
    pack = zlib.compressobj()
    parts = [pack.compress(b"{")]
    parts += [pack.compress(bytes(b" " * (1 << 20))) for _ in range(size >> 20)]
    parts += [pack.compress(json.dumps(CLAIM).encode()[1:]), pack.flush()]
    return b"".join(parts)


def test_a_record_that_swells_is_not_unpacked() -> None:
    bomb = pdf(swelling(HUGE))
    assert len(bomb) < 1_000_000
    with within(4 * LONGEST_ATTACHMENT):
        assert attached_record(bomb) is None


def test_many_records_do_not_swell_together() -> None:
    # Cut off: none of them is a record, each costs its unpacking.
    spoiled = swelling(LONGEST_ATTACHMENT // 2)[:-8]
    record = zlib.compress(json.dumps(CLAIM).encode())
    assert attached_record(pdf(spoiled, record)) == CLAIM
    assert attached_record(pdf(spoiled, spoiled, spoiled, record)) is None


def test_json_that_nests_without_end_is_no_record() -> None:
    deep = zlib.compress(b'{"a":' * 200_000)
    assert attached_record(pdf(deep)) is None


def listing(entries: int) -> bytes:
    """A zip file that begins as a Word document and lists this many parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", "word/document.xml"):
            archive.writestr(name, "<x/>")
        for number in range(entries):
            archive.writestr(f"word/{number}", b"")
    return packed.getvalue()


def test_a_document_of_countless_parts_is_refused_before_they_are_listed() -> None:
    assert checked_upload("report.docx", listing(200)).name == "report.docx"
    one = listing(0)
    begins = one.index(b"PK\x01\x02")
    ends = one.index(b"PK\x05\x06")
    entry = one[begins : one.index(b"PK\x01\x02", begins + 4)]
    many = entry * 100_000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF,
                       ends - begins + len(many), begins, 0)  # fmt: skip
    bomb = one[:ends] + many + tail
    with within(2 * len(bomb)), pytest.raises(Refused) as refused:
        checked_upload("report.docx", bomb)
    assert refused.value.field == "file"
