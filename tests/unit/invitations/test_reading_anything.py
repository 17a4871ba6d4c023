"""Whatever bytes come in, reading them ends with a mail that can be kept."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.invitations.replies.reading import read_mail
from app.invitations.replies.types import MailKind
from tests.factories.delivery_reports import returned
from tests.factories.replies import Said, outlook

WHOLE = (outlook(Said()), returned("<ours@example.org>", "a@b.example"))
PIECES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [b"\r\n", b"From: ", b"Content-Type: text/calendar; method=REPLY\r\n", b"BEGIN:VCALENDAR",
         b"UID:", b"ATTENDEE;PARTSTAT=", b"=?utf-8?b?", b"boundary=", b"\x00", b"\xed\xa0\x80"]
    ),
)  # fmt: skip


def can_be_kept(read):
    for text in (read.message_id, read.sender, read.subject, read.words, *read.files):
        assert "\x00" not in text
        text.encode()
    if read.calendar is not None:
        read.calendar.uid.encode("ascii")
        assert -1 <= read.calendar.sequence < 2**31


@given(st.lists(PIECES, max_size=30).map(b"".join))
@settings(max_examples=300)
def test_bytes_of_any_kind(raw):
    can_be_kept(read_mail(raw))


@given(st.sampled_from(WHOLE), st.integers(0, 3000), st.integers(0, 60), PIECES)
@example(b"From: pat\x00@agency.example\r\n\r\nYes", 0, 0, b"")
@settings(max_examples=300)
def test_a_mail_with_something_else_in_it(whole, place, length, piece):
    can_be_kept(read_mail(whole[:place] + piece + whole[place + length :]))


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<!---", "</", "<?", '<a b="', "<a b='<", "<a x=y", "<script>", "&"]
)
def test_a_page_of_tags_that_never_end_holds_nothing_up(piece):
    """H4, C11: with the library's parser each of these took minutes; no time is measured here."""
    page = f"I come<p>{piece * (160_000 // len(piece))}"
    raw = f"From: a@b.example\r\nContent-Type: text/html\r\n\r\n{page}".encode()
    assert read_mail(raw).words.startswith("I come")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain" + b";" * 20_000,
        b"Content-Disposition: attachment; name=" + b'a=";' * 5_000,
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * 6_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (one, one)
            for one in range(400)
        ),
        b"X: y\r\n" * 60_000,
    ],
)
def test_what_takes_too_long_to_take_apart_goes_to_a_person(head):
    read = read_mail(b"From: a@b.example\r\n" + head + b"\r\n\r\nwords")
    assert read.kind is MailKind.UNREADABLE
