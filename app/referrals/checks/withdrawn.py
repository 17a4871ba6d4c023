"""The letter that takes a request back (A6): its reference, and that no answer is needed (D2)."""

from __future__ import annotations

from datetime import datetime

from app.core.mail import FinishedMessage, header_text
from app.invitations.envelope import frame
from app.invitations.letters import closing, greeting
from app.invitations.rendering import Rendering, Text
from app.invitations.types import Desk, LetterKind


def request_withdrawn(
    desk: Desk, reference: str, name: str, email: str, now: datetime
) -> FinishedMessage:
    """Says nothing of why, nor of whom the request was about; it bears no link."""
    subject = header_text(f"Withdrawn: request for information {reference}")
    blocks = [
        Text(greeting(name)),
        Text(f"Request {reference} is withdrawn: your answer is no longer needed."),
        *closing(desk),
    ]
    writes = Rendering()
    made = frame(LetterKind.REQUEST_WITHDRAWN, desk, subject, now)
    return made.fill(name, email, writes.as_text(blocks), writes.as_html(subject, blocks))
