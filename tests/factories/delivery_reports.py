"""What mail servers and programs send back of themselves: reports of delivery (RFC 3464) and of
reading (RFC 8098). Names, addresses and identifiers are invented."""

from __future__ import annotations

from uuid import uuid4

from tests.factories.replies import DESK, Said, crlf


def returned(
    message_id: str,
    recipient: str,
    status: str = "5.1.1",
    action: str = "failed",
    enclosed: str = "message/rfc822",
    own_id: str = "",
) -> bytes:
    """A delivery report as Postfix writes it (RFC 3464)."""
    original = f"""From: "Referral and assessment desk" <{DESK}>
To: <{recipient}>
Subject: Invitation: multi-agency meeting
Message-ID: {message_id}
Date: Fri, 20 Nov 2026 16:40:00 +0000
"""
    if enclosed == "message/rfc822":
        original += "MIME-Version: 1.0\nContent-Type: text/plain\n\nWords\n"
    return crlf(f"""Return-Path: <>
Date: Fri, 20 Nov 2026 16:46:00 +0000 (GMT)
From: MAILER-DAEMON@mail.police.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {DESK}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="4Fzz.1605890000/mail.police.example"
Message-Id: {own_id or f"<{uuid4().hex}@mail.police.example>"}

This is a MIME-encapsulated message.

--4Fzz.1605890000/mail.police.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--4Fzz.1605890000/mail.police.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.police.example
X-Postfix-Queue-ID: 4Fzz
X-Postfix-Sender: rfc822; {DESK}
Arrival-Date: Fri, 20 Nov 2026 16:45:30 +0000 (GMT)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.police.example
Diagnostic-Code: smtp; 550 {status} <{recipient}>: Recipient address rejected

--4Fzz.1605890000/mail.police.example
Content-Description: Undelivered Message
Content-Type: {enclosed}

{original}
--4Fzz.1605890000/mail.police.example--
""")


def returned_by_exchange(message_id: str, recipient: str, status: str = "5.2.2") -> bytes:
    """Exchange's report: HTML instead of text, its own header fields, the original's header."""
    return crlf(f"""From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@health.example>
To: {DESK}
Date: Fri, 20 Nov 2026 16:46:00 +0000
Content-Type: multipart/report; report-type=delivery-status;
	boundary="b1_exchange"
Content-Language: en-GB
Message-ID: <{uuid4().hex}@health.example>
In-Reply-To: {message_id}
References: {message_id}
Subject: Undeliverable: Invitation: multi-agency meeting
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr:
MIME-Version: 1.0

--b1_exchange
Content-Type: multipart/alternative; differences=Content-Type; boundary="b2_exchange"

--b2_exchange
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body><p>The recipient's mailbox is full.</p></body></html>

--b2_exchange--
--b1_exchange
Content-Type: message/delivery-status

Reporting-MTA: dns;LO2P265MB0000.health.example
Received-From-MTA: dns;mx.example.org
Arrival-Date: Fri, 20 Nov 2026 16:45:30 +0000

Final-Recipient: rfc822;{recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp;554 {status} STOREDRV.Deliver; delivery result banner
X-Display-Name: {recipient}

--b1_exchange
Content-Type: text/rfc822-headers

Received: from mx.example.org by LO2P265MB0000.health.example
From: "Referral and assessment desk" <{DESK}>
To: <{recipient}>
Message-ID: {message_id}
Subject: Invitation: multi-agency meeting

--b1_exchange--
""")  # noqa: E501


def with_a_report_attached(said: Said, report: bytes) -> bytes:
    """Somebody's own words, and a report that they got attached to them."""
    words = f"""From: Amina Okafor <{said.from_}>
To: {DESK}
Subject: The meeting
Message-ID: {said.id}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="own"

--own
Content-Type: text/plain

I cannot come, and see what I got back.
--own
Content-Type: message/rfc822

"""
    return crlf(words) + report + crlf("\n--own--\n")


def read_receipt(said: Said, disposition: str = "displayed") -> bytes:
    """RFC 8098."""
    return crlf(f"""From: Amina Okafor <{said.from_}>
To: {DESK}
Subject: Read: Invitation: multi-agency meeting
Message-ID: {said.id}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="mdn"

--mdn
Content-Type: text/plain

Your message was read on Friday.
--mdn
Content-Type: message/disposition-notification

Final-Recipient: rfc822;{said.email}
Original-Message-ID: <x@example.org>
Disposition: automatic-action/MDN-sent-automatically; {disposition}

--mdn--
""")
