"""Delivery reports (RFC 3464) and read receipts (RFC 8098): what became of a message of ours."""

from __future__ import annotations

import re
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser

from app.invitations.replies.types import DeliveryReport, MailKind

_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_HEADERS = BytesHeaderParser(policy=policy.compat32)
_MOST = 20
_UNREAD = re.compile(r";\s*(deleted|dispatched|processed)\b")
_REPORTS = frozenset(
    {
        "multipart/report", "message/delivery-status", "message/global-delivery-status",
        "message/disposition-notification",
    }
)  # fmt: skip

# RFC 3463 and its registry, in words that say what to do next.
_PROBLEMS = {
    "1.1": "There is no such mailbox: check the address.",
    "1.2": "There is no such mail server: check the address after the @.",
    "1.3": "The address is not written as an address is: check it.",
    "1.10": "The organisation takes no mail at this address: check it.",
    "2.0": "The mailbox cannot take mail.",
    "2.1": "The mailbox is closed.",
    "2.2": "The mailbox is full.",
    "2.3": "The message is too large for the mailbox.",
    "4.1": "The other mail server did not answer.",
    "4.4": "The other mail server could not be found: check the address after the @.",
    "4.7": "The other mail server did not take it in time.",
}
_BY_CLASS = {
    "1": "Something is wrong with the address: check it.",
    "2": "The mailbox cannot take mail.",
    "3": "The other mail server has a fault.",
    "4": "The other mail server could not be reached.",
    "6": "The other mail server could not read it.",
    "7": "The other mail server's rules refuse it.",
}
_OTHERWISE = "The other mail server returned it."


def report_in(
    message: Message, parts: list[Message]
) -> tuple[MailKind | None, DeliveryReport | None]:
    """What kind of report a mail is, with what it says; (None, None) for any other mail.

    A report is the whole of a mail (RFC 6522): one that somebody attached to their own words is
    part of what they say. A report for one of several recipients never happens: each of our
    messages has one.
    """
    if message.get_content_type() not in _REPORTS:
        return None, None
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/disposition-notification":
            return _receipt(part), None
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            return _delivery(message, parts, _groups(part))
    return None, None


def _receipt(part: Message) -> MailKind:
    """Shown to somebody: nothing follows. Deleted, or dealt with by a program: nobody read it, as
    when an automatic reply comes (RFC 8098 3.2.6)."""
    said = " ".join(str(group.get("Disposition", "")) for group in _groups(part)).lower()
    return MailKind.AUTOMATIC if _UNREAD.search(said) else MailKind.NOTICE


def _delivery(
    message: Message, parts: list[Message], groups: list[Message]
) -> tuple[MailKind, DeliveryReport]:
    actions = {_first_word(group, "Action") for group in groups} - {""}
    failed = [group for group in groups if _first_word(group, "Action") == "failed"]
    report = DeliveryReport(
        message_ids=_message_ids(message, parts),
        problem=_problem(failed[0] if failed else None),
    )
    if failed:
        return MailKind.RETURNED, report
    if "delayed" in actions:
        return MailKind.DELAYED, report
    # Nothing failed as far as it says; without an action it says nothing at all.
    return (MailKind.NOTICE if actions else MailKind.AUTOMATIC), report


def _groups(part: Message) -> list[Message]:
    """The blocks of fields. The library makes a message of each; some programs label the part so
    that it stays one text."""
    held = part.get_payload()
    if isinstance(held, list):
        return [one for one in held if isinstance(one, Message)][: _MOST + 1]
    content = part.get_payload(decode=True)
    blocks = re.split(rb"\r?\n\r?\n", content if isinstance(content, bytes) else b"")
    return [_HEADERS.parsebytes(block + b"\r\n\r\n") for block in blocks[: _MOST + 1]]


def _first_word(group: Message, name: str) -> str:
    words = str(group.get(name, "")).strip().lower().split()
    return words[0].strip(";,") if words else ""


def _problem(group: Message | None) -> str:
    if group is None:
        return _OTHERWISE
    for name in ("Status", "Diagnostic-Code"):
        found = _STATUS.search(str(group.get(name, ""))[:500])
        if found is not None and found[1] == "5":
            exact = f"{int(found[2])}.{int(found[3])}"
            return _PROBLEMS.get(exact) or _BY_CLASS.get(str(int(found[2])), _OTHERWISE)
    return _OTHERWISE


def _message_ids(message: Message, parts: list[Message]) -> tuple[str, ...]:
    """Which message it is about: the one that it encloses, whole or its header alone; Exchange
    names it in In-Reply-To as well."""
    found: list[str] = []
    for part in parts:
        match part.get_content_type():
            case "message/rfc822" | "message/global":
                held = part.get_payload()
                if isinstance(held, list) and held and isinstance(held[0], Message):
                    found += _ID.findall(str(held[0].get("Message-ID", "")))
            case "text/rfc822-headers" | "message/global-headers":
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    inner = _HEADERS.parsebytes(content[:100_000])
                    found += _ID.findall(str(inner.get("Message-ID", "")))
    for name in ("In-Reply-To", "References"):
        found += _ID.findall(str(message.get(name, ""))[:5000])
    return tuple(dict.fromkeys(found))[:_MOST]
