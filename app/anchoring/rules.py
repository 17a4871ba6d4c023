"""What the daily letter with the audit's head says, and reading it again: pure (H3).

The letter is signed in its own text, not as S/MIME: mail gateways add footers and break lines, and
what is signed here are five short lines that survive both.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

from app.audit.types import Head

FIRST = "Strategy discussions: head of the audit"
_LINES = re.compile(
    rf"^{re.escape(FIRST)}\s*\n"
    r"Installation: (?P<site>\S+)\s*\n"
    r"Made at: (?P<at>\S+)\s*\n"
    r"Row: (?P<row>[0-9]{1,18})\s*\n"
    r"Digest: (?P<digest>[0-9a-f]{64})\s*\n"
    r"\s*Signature: (?P<signature>[A-Za-z0-9+/=]+)\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head as it was written down outside, with its signature."""

    site: str
    at: datetime
    head: Head
    signature: bytes


def signed_lines(site: str, at: datetime, head: Head) -> str:
    """The lines that are signed, each ended by one line feed."""
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    return (
        f"{FIRST}\nInstallation: {site}\nMade at: {moment}\n"
        f"Row: {head.entry_id}\nDigest: {head.digest}\n"
    )


def letter(site: str, at: datetime, head: Head, signature: bytes) -> str:
    """The whole text of the letter."""
    signed = base64.b64encode(signature).decode()
    return (
        f"{signed_lines(site, at, head)}Signature: {signed}\n\n"
        "Keep this message where nobody who looks after the installation can change it. To check\n"
        "the audit against it, save it as a file and run on the server:\n\n"
        "    flask audit verify --anchor FILE\n"
    )


def read(message: bytes) -> Anchor | None:
    """The anchor in a message that was saved as a file, or in its text alone; None without one."""
    parsed = BytesParser(policy=policy.default).parsebytes(message)
    texts = []
    for part in parsed.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                texts.append(content.decode("utf-8", "replace"))
    # Last as it stands: encoded for its way, a message looks like the letter and is not quite it.
    for text in [*texts, message.decode("utf-8", "replace")]:
        found = _LINES.search(text.replace("\r\n", "\n"))
        if found is None:
            continue
        try:
            at = datetime.fromisoformat(found["at"])
            signature = base64.b64decode(found["signature"], validate=True)
        except (ValueError, binascii.Error):
            continue
        if at.tzinfo is not None:
            return Anchor(found["site"], at, Head(int(found["row"]), found["digest"]), signature)
    return None
