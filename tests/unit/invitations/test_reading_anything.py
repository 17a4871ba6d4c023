"""Whatever bytes come in, reading them ends with a mail that can be kept."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.invitations.replies.reading import read_mail
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
    for text in (read.message_id, read.sender, read.subject, read.words, *read.attachments):
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
