"""Mail that comes back, read for what it says (D6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.invitations.replies.reading import own_words, read_mail
from app.invitations.replies.types import MailKind
from app.invitations.types import PartStat
from tests.clock import FRIDAY
from tests.factories.delivery_reports import (
    read_receipt,
    returned,
    returned_by_exchange,
    with_a_report_attached,
)
from tests.factories.replies import (
    Said,
    apple,
    counter,
    crlf,
    delegated,
    google,
    out_of_office,
    outlook,
    plain,
)

SAID = Said(message_id="<one@police.example>")
PROGRAMS = pytest.mark.parametrize("program", [outlook, google, apple])


@PROGRAMS
@pytest.mark.parametrize("given", [PartStat.ACCEPTED, PartStat.TENTATIVE, PartStat.DECLINED])
def test_the_answer_of_each_program_is_read(program, given):
    read = read_mail(program(SAID.but(partstat=given.value, sequence=3)))
    assert read.kind is MailKind.ANSWER
    assert (read.sender, read.message_id) == (SAID.email, SAID.message_id)
    said = read.calendar
    assert said.uid == SAID.uid
    assert (said.attendee, said.partstat, said.sequence) == (SAID.email, given, 3)
    assert said.stamped_at == FRIDAY


@PROGRAMS
def test_what_was_written_beside_the_answer_is_read(program):
    assert read_mail(program(SAID.but(words="Ten minutes late"))).calendar.words.strip() == (
        "Ten minutes late"
    )


def test_what_exchange_leaves_out_is_not_missed():
    read = read_mail(outlook(SAID.but(sequence=None, stamp=None)))
    assert (read.calendar.sequence, read.calendar.stamped_at) == (0, None)
    assert read.kind is MailKind.ANSWER


def test_another_time_is_read_in_the_zone_that_windows_names():
    summer = datetime(2026, 7, 20, 14, 30)  # noqa: DTZ001  # as it stands in the mail
    read = read_mail(counter(SAID.but(partstat="TENTATIVE"), summer))
    assert read.kind is MailKind.COUNTER
    assert read.calendar.starts_at == datetime(2026, 7, 20, 13, 30, tzinfo=UTC)
    assert read.calendar.ends_at - read.calendar.starts_at == timedelta(minutes=45)


def test_whoever_delegates_is_told_from_whom_they_ask():
    read = read_mail(delegated(SAID, "sam.reed@police.example"))
    said = read.calendar
    assert (said.attendee, said.partstat) == (SAID.email, PartStat.DELEGATED)
    assert said.delegated_to == "sam.reed@police.example"


def test_a_calendar_whose_label_alone_says_what_it_is():
    raw = outlook(SAID).replace(b"METHOD:REPLY", b"")
    calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u1\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example\nEND:VEVENT\nEND:VCALENDAR"  # noqa: E501
    assert read_mail(plain(SAID, words=calendar, kind="text/calendar; method=REPLY")).calendar
    assert read_mail(raw).kind is MailKind.ANSWER


@pytest.mark.parametrize(
    ("status", "words"),
    [("5.1.1", "no such mailbox"), ("5.2.2", "full"), ("5.4.4", "could not be found"),
     ("5.7.133", "rules refuse"), ("5.9.9", "returned it"), ("nonsense", "returned it")],
)  # fmt: skip
def test_a_returned_message_says_which_and_why(status, words):
    read = read_mail(returned("<ours@example.org>", "a@police.example", status))
    assert read.kind is MailKind.RETURNED
    assert read.report.message_ids == ("<ours@example.org>",)
    assert words in read.report.problem and "@police" not in read.report.problem


def test_reports_of_other_programs():
    headers = returned("<ours@example.org>", "a@b.example", enclosed="text/rfc822-headers")
    assert read_mail(headers).report.message_ids == ("<ours@example.org>",)
    exchange = read_mail(returned_by_exchange("<ours@example.org>", "a@health.example"))
    assert exchange.kind is MailKind.RETURNED
    assert exchange.report.message_ids == ("<ours@example.org>",)
    assert exchange.report.problem == "The mailbox is full."


@pytest.mark.parametrize(
    ("action", "kind"),
    [("delayed", MailKind.DELAYED), ("relayed", MailKind.NOTICE), ("delivered", MailKind.NOTICE),
     ("", MailKind.AUTOMATIC), ("Failed (for good)", MailKind.RETURNED)],
)  # fmt: skip
def test_not_every_report_is_a_failure(action, kind):
    assert read_mail(returned("<ours@example.org>", "a@b.example", action=action)).kind is kind


@pytest.mark.parametrize(
    "report", [read_receipt(SAID), returned("<ours@example.org>", "a@b.example")]
)
def test_a_report_attached_to_somebodys_words_hides_them_not(report):
    read = read_mail(with_a_report_attached(SAID, report))
    assert read.kind is MailKind.WRITTEN
    assert "I cannot come" in read.words


def test_receipts_and_automatic_replies():
    assert read_mail(read_receipt(SAID)).kind is MailKind.NOTICE
    assert read_mail(read_receipt(SAID, "deleted")).kind is MailKind.AUTOMATIC
    read = read_mail(out_of_office(SAID, "<ours@example.org>"))
    assert (read.kind, read.answers_to) == (MailKind.AUTOMATIC, ("<ours@example.org>",))
    assert "on leave until Monday" in read.words


@pytest.mark.parametrize(
    "extra",
    ["Auto-Submitted: auto-replied; owner-email=x\n", "Precedence: auto_reply\n",
     "X-Autoreply: yes\n", "Return-Path: <>\n"],
)  # fmt: skip
def test_what_nobody_wrote_is_known_by_its_header(extra):
    assert read_mail(plain(SAID, extra=extra)).kind is MailKind.AUTOMATIC
    assert read_mail(plain(SAID, extra="Auto-Submitted: no\n")).kind is MailKind.WRITTEN


def test_words_of_a_person():
    read = read_mail(plain(SAID, "=?utf-8?q?Zo=C3=AB_kommt?=", "Zoë comes 🙏"))
    assert (read.kind, read.subject, read.words) == (
        MailKind.WRITTEN, "Zoë kommt", "Zoë comes 🙏",
    )  # fmt: skip
    page = "<html><head><style>x</style></head><body><p>I come</p><script>bad()</script></body>"
    assert read_mail(plain(SAID, words=page, kind="text/html")).words == "I come"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<P>I come<BR>by train</P>", "I come\nby train"),
        ("<title>Answer</title>at 3 &lt; 4 &amp; later", "at 3 < 4 & later"),
        ("5 < 6 and <b>bold</b>", "5 < 6 and bold"),
        ("<!DOCTYPE html><!-- <p>never</p> -->shown<STYLE>p{}</STYLE>", "shown"),
        ("<script>if (a > b) {}</script >I come", "I come"),
        ("I come<script>never ends", "I come"),
        ("I come <a href=", "I come"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
    ],
)
def test_the_words_of_a_page(page, words):
    assert read_mail(plain(SAID, words=page, kind="text/html")).words == words


def test_own_words_end_where_the_quotation_begins():
    assert own_words("I come.\n\nOn Fri, 20 Nov 2026 at 16:45, Desk wrote:\n> Please") == "I come."
    assert own_words("Yes\n-----Original Appointment-----\nFrom: Desk") == "Yes"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\r\n\r\n", b"\x00\xff\xfe", b"From: \r\n\r\n", b"Subject: =?x?y?z?=\r\n\r\nwords",
     crlf("From: a@b.example, c@d.example\nSubject: two\n\nwords"),
     crlf("From: a@b.example\nFrom: c@d.example\nSubject: twice\n\nwords"),
     b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 500,
     b"From: " + b"(" * 20_000 + b"\r\n\r\nwords"],
)  # fmt: skip
def test_what_is_not_quite_a_mail_is_read_for_what_it_is(raw):
    read = read_mail(raw)
    assert read.kind in (MailKind.UNREADABLE, MailKind.WRITTEN, MailKind.AUTOMATIC)
    assert read.sender == ""


def test_an_answer_about_several_meetings_is_not_understood():
    one = "BEGIN:VEVENT\nUID:u\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example\nEND:VEVENT\n"
    calendar = f"BEGIN:VCALENDAR\nMETHOD:REPLY\n{one}{one}END:VCALENDAR\n"
    read = read_mail(plain(SAID, words=calendar, kind="text/calendar"))
    assert (read.kind, read.calendar) == (MailKind.ANSWER, None)


@pytest.mark.parametrize(
    "line",
    ["UID:", "UID:" + "x" * 300, "ATTENDEE:nobody", "SEQUENCE:many", "SEQUENCE:-4",
     "SEQUENCE:99999999999999999999", "DTSTAMP:00000000T000000Z", "DTSTAMP:20261120",
     "DTSTART:99991231T235959Z", "DTSTART;TZID=Nowhere/Land:20261120T100000"],
)  # fmt: skip
def test_a_broken_line_breaks_nothing(line):
    name = line.split(":")[0].split(";")[0]
    calendar = "\n".join(
        ["BEGIN:VCALENDAR", "METHOD:COUNTER", "BEGIN:VEVENT", line]
        + [given for given in ("UID:u1", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example")
           if not given.startswith(name)]
        + ["END:VEVENT", "END:VCALENDAR"]
    )  # fmt: skip
    assert read_mail(plain(SAID, words=calendar, kind="text/calendar")).kind is MailKind.COUNTER
