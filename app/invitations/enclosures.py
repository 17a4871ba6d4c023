"""A letter that brings a form to another agency: attached, or behind a link and code (F5, C6).

Neither subject nor text holds anything of a child or family, and the file has a fixed name (D2).
"""

from __future__ import annotations

from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from uuid import uuid4

from app.core.mail import FinishedMessage, UnsafeHeader, header_text
from app.invitations.rendering import Block, Link, Rendering, Text
from app.invitations.types import Desk
from app.invitations.wording import display_name, is_address, neutral, one_line

KIND = "form"
FILE = "form.pdf"
_FIELDS = sorted(
    ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Language",
     "Content-Type")
)  # fmt: skip


def form_letter(
    desk: Desk,
    reference: str,
    email: str,
    now: datetime,
    *,
    pdf: bytes | None = None,
    link: str = "",
    again: bool = False,
) -> FinishedMessage:
    """The letter for one address, with the form itself or with the link that leads to it.

    `again` says that it was sent before and nobody has answered. Raises UnsafeHeader where an
    address is none.
    """
    if not is_address(email) or not is_address(desk.email):
        raise UnsafeHeader("That is not an email address that mail can be sent to.")
    subject = header_text(
        f"{'Reminder: ' if again else ''}Form for multi-agency meeting {one_line(reference)}"
    )
    blocks = _blocks(desk, reference, link, again)
    writes = Rendering()
    message = EmailMessage(policy=policy.SMTP)
    name = display_name(desk.name)
    message["From"] = Address(name if name.isascii() else "", addr_spec=desk.email)
    message["To"] = Address(addr_spec=email)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message_id = f"<{uuid4().hex}@{desk.email.rpartition('@')[2]}>"
    message["Message-ID"] = message_id
    message.set_content(writes.as_text(blocks), cte="quoted-printable")
    message.add_alternative(writes.as_html(subject, blocks), subtype="html", cte="quoted-printable")
    if pdf is not None:
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=FILE)
    # Last: what begins with Content- goes into the first part when others are added.
    message["Content-Language"] = "en-GB"
    content = message.as_bytes()
    # Read again before it is queued: exactly the fields that were meant, and one recipient.
    parsed = BytesParser(policy=policy.default).parsebytes(content)
    if sorted(parsed.keys()) != _FIELDS or str(parsed["To"]) != email:
        raise UnsafeHeader("A message did not come out as it was meant, so it is not queued.")
    return FinishedMessage(email, message_id, subject, content, KIND)


def _blocks(desk: Desk, reference: str, link: str, again: bool) -> list[Block]:
    where = "is attached" if not link else "is behind your link"
    blocks: list[Block] = [
        Text("Dear colleague,"),
        Text(f"A form for multi-agency meeting {one_line(reference)} {where}."),
    ]
    if again:
        blocks.append(Text("We sent it before and have no answer yet."))
    if link:
        blocks += [
            Link("Open your link", link),
            Text("The link asks for a code, which is then sent to this address."),
        ]
    blocks += [
        Text("Please say soon whether you have it and what you will do, or why you cannot."),
        Text(
            f"Telephone the desk on {one_line(desk.telephone)}, or reply to this message. "
            "Please name no child or family in an email."
        ),
        Text(neutral(desk.name, "The desk")),
    ]
    return blocks
