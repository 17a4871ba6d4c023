"""A PDF that opens with a password only is refused with what to do about it (D5)."""

from __future__ import annotations

import io
import re
import time

import pikepdf
import pytest

from app.core.locked_pdf import needs_password
from app.core.refusal import Refused
from app.core.uploads import LARGEST, checked_upload


def pdf(user: str | None = None, revision: int = 6, **how: object) -> bytes:
    """A report of one page; `user` is the password that opens it, none where it is not given."""
    made, kept = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    if user is None:
        made.save(kept, **how)
    else:
        aes = revision >= 4
        locked = pikepdf.Encryption(
            owner="theirs", user=user, R=revision, aes=aes, metadata=aes, allow=NOT_PRINTED
        )
        made.save(kept, encryption=locked, **how)
    return kept.getvalue()


NOT_PRINTED = pikepdf.Permissions(print_lowres=False, print_highres=False)
IN_THE_CLEAR = {"object_stream_mode": pikepdf.ObjectStreamMode.disable}
WAYS = (
    {},
    {"linearize": True},
    {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    {"qdf": True},
)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("revision", [2, 3, 4, 6])
def test_one_that_asks_for_a_password_is_named_as_one(revision: int, how: dict) -> None:
    locked = pdf("secret", revision, **how)
    with pytest.raises(Refused, match="has a password") as refused:
        checked_upload("report.pdf", locked, "upload")
    assert refused.value.field == "upload"


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("revision", [2, 3, 4, 6])
def test_one_that_only_forbids_printing_is_taken(revision: int, how: dict) -> None:
    assert checked_upload("report.pdf", pdf("", revision, **how)).name == "report.pdf"


def written_out(locked: bytes) -> bytes:
    """The same file, with what encrypts it written into its trailer."""
    pointer = re.search(rb"/Encrypt (\d+) 0 R", locked)
    assert pointer is not None
    how = re.search(rb"\n%b 0 obj\s+(<<.*?>>)\s+endobj" % pointer[1], locked, re.S)
    assert how is not None
    return locked.replace(pointer[0], b"/Encrypt" + how[1])


@pytest.mark.parametrize("revision", [2, 3, 4, 6])
def test_one_locked_in_its_trailer_is_named_as_one(revision: int) -> None:
    """ISO 32000-2, 7.5.5: /Encrypt may be the dictionary itself."""
    assert needs_password(written_out(pdf("secret", revision, **IN_THE_CLEAR)))
    assert not needs_password(written_out(pdf("", revision, **IN_THE_CLEAR)))


def test_the_words_alone_lock_nothing() -> None:
    plain = pdf()
    for said in (
        b"\n% /Encrypt",
        b"\n% /Encrypt 9 0 R",
        b"\n% /Encrypt << /ID [<00>]",
        b"\n% /Encrypt" + b"<<" * 8_000 + b" /ID [<00>]",
        b"\n% /Encrypt 9 0 R /ID [<00>]\n9 0 obj\n<<>>\nendobj\n",
        b"\n% /Encrypt 9 0 R /ID [(a\\)b)]\n9 0 obj\n<</Filter/Standard/R 99/O 9 0 R>>\nendobj\n",
        b"\n% /Encrypt 9 0 R /ID [<00>]\n9 0 obj\n" + b"[" * 8_000 + b"\nendobj\n",
        b"\n% /Encrypt 9 0 R /ID [<00>]\n9 0 obj\n" + b"x" * 20_000,
    ):
        assert not needs_password(plain + said)


@pytest.mark.parametrize(
    "again",
    [
        b"/Encrypt 9 0 R ",
        b"/Encrypt ",
        b"/Encrypt<<",
        b"9 0 obj ",
        b"/ID [(",
        b"/ID[<",
        b"/Encrypt 9 ",
    ],
)
def test_one_made_to_keep_us_busy_does_not(again: bytes) -> None:
    begun = time.process_time()
    needs_password(b"%PDF-1.7\n" + again * (LARGEST // len(again)) + b"/Encrypt 9 0 R /ID [<00>]")
    assert time.process_time() - begun < 2


def test_what_swells_is_not_unpacked(monkeypatch) -> None:
    """Its own lists are never read: the library sees what encrypts it and nothing else."""
    seen: list[int] = []
    opened = pikepdf.Pdf.open

    def open_small(source: io.BytesIO, **how: object) -> pikepdf.Pdf:
        seen.append(len(source.getvalue()))
        return opened(source, **how)

    locked = pdf("secret")
    swollen = (
        locked[:16] + b"5 0 obj\n<</Length 9000000>>\nstream\n" + bytes(9_000_000) + locked[16:]
    )
    monkeypatch.setattr(pikepdf.Pdf, "open", open_small)
    assert needs_password(swollen)
    assert len(seen) == 1 and seen[0] < 20_000
