"""The two letters a referrer gets: the way back to an unfinished form, and the receipt (A1).

Neither names a child, a family or a concern: an email can be read by others.
"""

from __future__ import annotations

from datetime import datetime

from app.core.clock import words_for_moment
from app.core.mail import FinishedMessage
from app.invitations.envelope import frame
from app.invitations.letters import closing
from app.invitations.rendering import Block, Facts, Link, Rendering, Text
from app.invitations.types import Desk, LetterKind
from app.referrals.public.types import Referrer

EMERGENCY = "In an emergency telephone 999."


def way_back(
    desk: Desk, you: Referrer, link: str, until: datetime, now: datetime
) -> FinishedMessage:
    """The link back to a form that was put aside; `until` is when the form is deleted."""
    return _letter(
        LetterKind.FORM_SAVED,
        desk,
        you,
        "Your unfinished form",
        [
            Text("You put a form aside. It has not been sent: nobody has read it yet."),
            Link("Go on with your form", link),
            Text(
                "The link asks for a code, which is then sent to this address. "
                "It is yours alone: please do not pass it on."
            ),
            Text(f"The form is deleted on {words_for_moment(until)} if you do not go on with it."),
            Text(f"If it cannot wait, telephone us now. {EMERGENCY}"),
            Text("If you did not fill in a form, do nothing: the form is then deleted."),
        ],
        now,
    )


def receipt(desk: Desk, you: Referrer, ref: str, now: datetime) -> FinishedMessage:
    """That a referral has arrived, when, and what follows."""
    return _letter(
        LetterKind.FORM_RECEIVED,
        desk,
        you,
        f"We have received your form {ref}",
        [
            Text("Thank you. We have received your form and somebody will read it."),
            Facts((("Reference", ref), ("Received", words_for_moment(now)))),
            Text(
                "We decide what happens within 24 hours, and tell you what was decided. "
                "We may telephone you before, on the number you gave."
            ),
            Text(
                f"If you learn more, telephone and give the reference. {EMERGENCY} If anybody may "
                "come to harm before tomorrow, telephone us now: do not rely on the form."
            ),
        ],
        now,
    )


def _letter(
    kind: LetterKind, desk: Desk, you: Referrer, subject: str, body: list[Block], now: datetime
) -> FinishedMessage:
    # Anybody can type any name and any address: no word of theirs goes out under the desk's.
    blocks = [Text("Hello,"), *body, *closing(desk)]
    writes = Rendering()
    return frame(kind, desk, subject, now).fill(
        "", you.email, writes.as_text(blocks), writes.as_html(subject, blocks)
    )
