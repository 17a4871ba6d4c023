"""A desk, a meeting and people to write to."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from app.core.mail import FinishedMessage
from app.invitations.types import Addressee, Appointment, Desk, DialIn
from tests.clock import FRIDAY

DESK = Desk("R&A desk", "rna-desk@example.org", "020 7946 0100")
MEETING = Appointment(
    reference="SD-7K3M-9QXA",
    starts_at=FRIDAY + timedelta(days=2, hours=17),
    ends_at=FRIDAY + timedelta(days=2, hours=18),
    location="Telephone conference",
    dial_in=DialIn("020 7946 0123", "482913#"),
)


def make_addressee(name: str = "Amina Okafor", **changes: object) -> Addressee:
    number = uuid4().hex[:6]
    values: dict[str, object] = {
        "uid": str(uuid4()),
        "sequence": 0,
        "name": name,
        "email": f"person-{number}@police.example",
        "link": f"http://desk.example.org/i/token-{number}",
    }
    return Addressee(**(values | changes))  # type: ignore[arg-type]


def make_message(
    recipient: str = "amina@police.example", kind: str = "invitation"
) -> FinishedMessage:
    message_id = f"<{uuid4().hex}@example.org>"
    content = (
        f"To: <{recipient}>\r\nMessage-ID: {message_id}\r\nFrom: <rna-desk@example.org>\r\n"
        "Subject: Invitation: multi-agency meeting\r\n\r\nWords\r\n"
    ).encode()
    return FinishedMessage(recipient, message_id, "Invitation", content, kind)
