"""Answers as people's programs are known to send them: from RFC 5546 and 3834 and what the makers
publish. Names, addresses and identifiers are invented."""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.clock import FRIDAY

DESK = "rna-desk@example.org"


@dataclass(frozen=True)
class Said:
    """One answer, whichever program writes it down."""

    uid: str = "0b5f2a4e-6f0f-4a58-9f0c-0d9a5a1f4c11"
    email: str = "amina.okafor@police.example"
    partstat: str = "ACCEPTED"
    sequence: int | None = 0
    stamp: datetime | None = FRIDAY
    ref: str = "SD-7K3M-9QXA"
    words: str = ""
    sender: str = ""
    message_id: str = ""
    start: datetime = FRIDAY + timedelta(days=1)

    def but(self, **changes: object) -> Said:
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def from_(self) -> str:
        return self.sender or self.email

    @property
    def id(self) -> str:
        return self.message_id or f"<{uuid4().hex}@mail.police.example>"


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


_WORDS = {"ACCEPTED": "Accepted", "TENTATIVE": "Tentative", "DECLINED": "Declined"}


def outlook(said: Said, method: str = "REPLY", extra: str = "") -> bytes:
    """Exchange Online: no ORGANIZER, Windows time zones, MAILTO: in capitals, base64."""
    words = _WORDS.get(said.partstat, said.partstat.title())
    sequence = "" if said.sequence is None else f"SEQUENCE:{said.sequence}\n"
    stamped = "" if said.stamp is None else f"DTSTAMP:{stamp(said.stamp)}\n"
    local = said.start.strftime("%Y%m%dT%H%M%S")
    calendar = f"""BEGIN:VCALENDAR
METHOD:{method}
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:GMT Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T010000
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT={said.partstat};CN="Okafor, Amina":MAILTO:{said.email.title()}
COMMENT;LANGUAGE=en-GB:{said.words or chr(92) + "n"}
UID:{said.uid}
SUMMARY;LANGUAGE=en-GB:{words}: Multi-agency meeting {said.ref}
DTSTART;TZID=GMT Standard Time:{local}
DTEND;TZID=GMT Standard Time:{(said.start + timedelta(minutes=45)).strftime("%Y%m%dT%H%M%S")}
CLASS:PRIVATE
PRIORITY:5
{stamped}TRANSP:OPAQUE
STATUS:CONFIRMED
{sequence}LOCATION;LANGUAGE=en-GB:Telephone conference
X-MICROSOFT-CDO-APPT-SEQUENCE:{said.sequence or 0}
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY
X-MICROSOFT-CDO-ALLDAYEVENT:FALSE
X-MICROSOFT-CDO-IMPORTANCE:1
X-MICROSOFT-CDO-INSTTYPE:0
X-MICROSOFT-DISALLOW-COUNTER:FALSE
{extra}END:VEVENT
END:VCALENDAR
"""
    encoded = base64.encodebytes(crlf(calendar)).decode()
    return crlf(f"""Return-Path: <{said.from_}>
Received: from mail.police.example (192.0.2.10) by mx.example.org with ESMTPS
From: "Okafor, Amina" <{said.from_.title()}>
To: Referral and assessment desk <{DESK}>
Subject: {words}: Multi-agency meeting {said.ref}
Thread-Topic: Multi-agency meeting {said.ref}
Thread-Index: AQHbOexample
Date: Fri, 20 Nov 2026 16:45:00 +0000
Message-ID: {said.id}
Accept-Language: en-GB, en-US
Content-Language: en-GB
X-MS-Has-Attach:
X-MS-TNEF-Correlator: {said.id}
Content-Type: multipart/alternative; boundary="_000_A1B2policeexample_"
MIME-Version: 1.0

--_000_A1B2policeexample_
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(said.words.encode("latin-1", "replace")).decode()}

--_000_A1B2policeexample_
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<html><head><style>p {{ margin: 0 }}</style></head><body>{said.words}</body></html>

--_000_A1B2policeexample_
Content-Type: text/calendar; charset="utf-8"; method={method}
Content-Transfer-Encoding: base64

{encoded}
--_000_A1B2policeexample_--
""")


def google(said: Said) -> bytes:
    """Google Calendar: an inline part and an attachment, the comment in a parameter of its own."""
    words = _WORDS.get(said.partstat, said.partstat.title())
    comment = f'X-RESPONSE-COMMENT="{said.words}";' if said.words else ""
    who = f"""ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={said.partstat};{comment}
 CN={said.email};X-NUM-GUESTS=0:mailto:{said.email}"""
    calendar = f"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:{stamp(said.start)}
DTEND:{stamp(said.start + timedelta(minutes=45))}
DTSTAMP:{stamp(said.stamp or FRIDAY)}
ORGANIZER;CN=Referral and assessment desk:mailto:{DESK}
UID:{said.uid}
{who}
CREATED:{stamp(FRIDAY)}
DESCRIPTION:Telephone: 020 7946 0123\\nPIN: 482913
LAST-MODIFIED:{stamp(said.stamp or FRIDAY)}
LOCATION:Telephone conference
SEQUENCE:{said.sequence or 0}
STATUS:CONFIRMED
SUMMARY:Multi-agency meeting {said.ref}
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
    note = f' with this note:\n\n"{said.words}"' if said.words else "."
    return crlf(f"""MIME-Version: 1.0
Reply-To: Amina Okafor <{said.from_}>
Sender: Google Calendar <calendar-notification@google.example>
Message-ID: {said.id}
Date: Fri, 20 Nov 2026 16:45:00 +0000
Subject: {words}: Multi-agency meeting {said.ref} @ Sat 21 Nov 2026 10am - 10:45am (GMT)
From: Amina Okafor <{said.from_}>
To: {DESK}
Content-Type: multipart/mixed; boundary="000000000000abcd"

--000000000000abcd
Content-Type: multipart/alternative; boundary="000000000000abce"

--000000000000abce
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes
Content-Transfer-Encoding: base64

{
        base64.encodebytes(
            f'''Amina Okafor has {words.lower()} this invitation{note}

Multi-agency meeting {said.ref}
Saturday 21 Nov 2026'''.encode()
        ).decode()
    }
--000000000000abce
Content-Type: text/calendar; charset="UTF-8"; method=REPLY
Content-Transfer-Encoding: 7bit

{calendar}
--000000000000abce--
--000000000000abcd
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

{base64.encodebytes(crlf(calendar)).decode()}
--000000000000abcd--
""")


def apple(said: Said) -> bytes:
    """Apple's Calendar on a telephone."""
    comment = f"COMMENT:{said.words}\n" if said.words else ""
    calendar = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Apple Inc.//iPhone OS 19.1//EN
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
UID:{said.uid.upper()}
DTSTAMP:{stamp(said.stamp or FRIDAY)}
DTSTART:{stamp(said.start)}
DTEND:{stamp(said.start + timedelta(minutes=45))}
SUMMARY:Multi-agency meeting {said.ref}
ORGANIZER;CN="Referral and assessment desk":mailto:{DESK}
ATTENDEE;CN="Amina Okafor";CUTYPE=INDIVIDUAL;EMAIL="{said.email}";PARTSTAT={said.partstat}
 ;ROLE=REQ-PARTICIPANT:mailto:{said.email}
{comment}SEQUENCE:{said.sequence or 0}
REQUEST-STATUS:2.0;Success
END:VEVENT
END:VCALENDAR
"""
    return crlf(f"""From: Amina Okafor <{said.from_}>
Content-Type: multipart/mixed; boundary="Apple-Mail=_55EE"
Mime-Version: 1.0 (Mac OS X Mail 16.0)
Subject: Amina Okafor {said.partstat.lower()} an invitation
Message-Id: {said.id}
Date: Fri, 20 Nov 2026 16:45:00 +0000
To: {DESK}

--Apple-Mail=_55EE
Content-Type: text/plain; charset=us-ascii

--Apple-Mail=_55EE
Content-Disposition: attachment; filename=iCal-20261120-164500.ics
Content-Type: text/calendar; charset=utf-8; method=REPLY; name="iCal-20261120-164500.ics"
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(crlf(calendar)).decode()}
--Apple-Mail=_55EE--
""")


def counter(said: Said, proposed: datetime) -> bytes:
    """Outlook's "propose new time": a COUNTER with the proposed time in Windows' own zone."""
    return outlook(
        said.but(start=proposed, partstat=said.partstat),
        method="COUNTER",
        extra="X-MS-OLK-ORIGINALSTART;TZID=GMT Standard Time:20261121T100000\n",
    )


def delegated(said: Said, to: str = "sam.reed@police.example") -> bytes:
    """RFC 5546 4.2.5: the delegator's REPLY names both."""
    calendar = f"""BEGIN:VCALENDAR
PRODID:-//Example//Groupware//EN
METHOD:REPLY
VERSION:2.0
BEGIN:VEVENT
ORGANIZER:mailto:{DESK}
ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{to}":mailto:{said.email}
ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:{said.email}":mailto:{to}
UID:{said.uid}
SEQUENCE:{said.sequence or 0}
DTSTAMP:{stamp(said.stamp or FRIDAY)}
END:VEVENT
END:VCALENDAR
"""
    return plain(said, "Delegated", calendar, kind="text/calendar; method=REPLY; charset=utf-8")


def plain(
    said: Said,
    subject: str = "Re: the meeting",
    words: str = "I can come.",
    kind: str = "text/plain; charset=utf-8",
    extra: str = "",
) -> bytes:
    """A message that somebody typed."""
    return crlf(f"""From: Amina Okafor <{said.from_}>
To: {DESK}
Subject: {subject}
Message-ID: {said.id}
Date: Fri, 20 Nov 2026 16:45:00 +0000
{extra}MIME-Version: 1.0
Content-Type: {kind}
Content-Transfer-Encoding: 8bit

{words}
""")


def with_file(
    raw: bytes,
    name: str = "report.pdf",
    kind: str = "application/pdf",
    about: str = "Content-Disposition: attachment",
) -> bytes:
    """The same mail with a file that somebody put to it."""
    head, _, body = raw.decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    own = [one for one in lines if one.lower().startswith("content-t")]
    rest = [one for one in lines if one not in own and not one.startswith(" boundary")]
    return "\r\n".join(
        [
            *rest, 'Content-Type: multipart/mixed; boundary="=_with"', "", "--=_with",
            *own, "", body, "--=_with",
            f'Content-Type: {kind}; name="{name}"', f'{about}; filename="{name}"',
            "Content-Transfer-Encoding: base64", "", "JVBERi0xLjcK", "--=_with--", "",
        ]
    ).encode()  # fmt: skip


def out_of_office(said: Said, answers_to: str = "") -> bytes:
    """Exchange's automatic reply."""
    return plain(
        said,
        f"Automatic reply: Invitation: multi-agency meeting {said.ref}",
        "I am on leave until Monday. For anything urgent ring the duty sergeant.",
        extra=f"Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"
        f"{f'In-Reply-To: {answers_to}' + chr(10) if answers_to else ''}",
    )
