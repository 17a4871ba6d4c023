"""The canary sings: hidden in any of these ways, a word of the case is found. And where there is
nothing it is silent."""

from __future__ import annotations

import base64
from datetime import date
from email import policy
from email.message import EmailMessage

import pytest

from tests.integration.mail_journey.canary import Canary, decoded

CANARY = Canary(
    names=(("Xanthippe", "Quillfeather"),),
    births=(date(2017, 3, 27),),
    words=("Larkspurfield", "41 Wisteria Gardens"),
)


def mail(body: bytes = b"Words", headers: bytes = b"", kind: bytes = b"text/plain") -> bytes:
    return (
        b"To: <a@example.org>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: " + kind + b"; charset=utf-8\r\n" + headers + b"\r\n" + body + b"\r\n"
    )  # fmt: skip


def _attached(name: str, content: bytes = b"x") -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["To"] = "a@example.org"
    message.set_content("Words")
    message.add_attachment(content, maintype="application", subtype="ics", filename=name)
    return message.as_bytes()


BASE64 = b"Content-Transfer-Encoding: base64\r\n"
QUOTED = b"Content-Transfer-Encoding: quoted-printable\r\n"
HIDDEN = {
    "plain": mail(b"About Xanthippe"),
    "any case": mail(b"about xANTHIPPE"),
    "within a word": mail(b"mailto:xanthippe2017@example.org"),
    "base64": mail(base64.b64encode(b"About Xanthippe, please"), BASE64),
    "quoted-printable": mail(b"About =58anth=\r\nippe", QUOTED),
    "header": mail(headers=b"Subject: Xanthippe\r\n"),
    "encoded word": mail(headers=b"Subject: =?utf-8?b?WGFudGhpcHBl?=\r\n"),
    "folded header": mail(headers=b"Subject: About\r\n 41 Wisteria\r\n Gardens\r\n"),
    "unknown header": mail(headers=b"X-About: =?utf-8?q?Xanthi=70pe?=\r\n"),
    "entity": mail(b"<p>&#88;anthippe</p>", kind=b"text/html"),
    "between tags": mail(b"<p>Xanth<b>ippe</b></p>", kind=b"text/html"),
    "two words in two tags": mail(b"<i>child</i><b>protection</b>", kind=b"text/html"),
    "soft hyphen": mail("Xanth\u00adippe".encode()),
    "full width": mail("Ｘａｎｔｈｉｐｐｅ".encode()),
    "folded entry": mail(b"DESCRIPTION:About Xanth\r\n ippe", kind=b"text/calendar"),
    "file name": _attached("Xanthippe.ics"),
    "file name in another alphabet": _attached("Xanthippe \u2013 entry.ics"),
    "attachment": _attached("invite.ics", b"SUMMARY:Xanthippe"),
    "preamble": b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"Xanthippe\r\n--b\r\n\r\nx\r\n--b--\r\n",
    "percent": mail(b"https://desk.example.org/?about=%58anthippe"),
    "token": mail(
        b"https://desk.example.org/i/" + base64.urlsafe_b64encode(b"for Xanthippe").rstrip(b"=")
    ),
    "initials with points": mail(b"Re X.Q. at nine"),
    "initials": mail(b"Re XQ, nine"),
    "initials the other way": mail(b"Re Q X"),
    "born, numbers": mail(b"27/3/2017"),
    "born, two digits": mail(b"27.03.17"),
    "born, words": mail(b"born 27th March 2017"),
    "born, American": mail(b"March 27, 2017"),
    "born, ISO": mail(b"2017-03-27"),
    "born, stamp": mail(b"DTSTART:20170327"),
    "non-breaking": mail("41\u00a0Wisteria\u00a0Gardens".encode()),
    "underlines": mail(b"child_protection"),
    "hyphen": mail(b"/strategy-discussion"),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_a_word_of_the_case_is_found_however_it_is_written(way: str) -> None:
    assert CANARY.found_in(decoded(HIDDEN[way]))


@pytest.mark.parametrize(
    "words",
    (
        "Multi-agency meeting SD-7K3M-9QXA on Friday 27 March 2026, 9:45 am",
        "a child, a family; protect ion; the discussion of a strategy",
        "0XQ7 EXQ XQ9-",
        "120170327 27/3/20170",
        "20261127T094500Z 1727032017",
    ),
)
def test_what_is_no_word_of_the_case_is_left_alone(words: str) -> None:
    assert CANARY.found_in(decoded(mail(words.encode()))) == []


def test_noise_that_is_packed_holds_no_initials() -> None:
    canary = Canary([("Thaddeus", "Vexley")], [], [])
    packed = base64.encodebytes(b"noise" * 20).decode()
    middle = packed[:20] + "+TV/" + packed[24:]

    assert canary.found_in(f"{middle}\n{middle[:20]}+TV/") == []
    assert canary.found_in('<a href=3D"https://desk.example.org/i/x7=\r\nTV" class=3D"go">') == []
    assert canary.found_in("Seen at home: TV") == ["initials of Thaddeus Vexley"]
