"""The mail that asks for a view: a link, no code, and nothing of the meeting (G6, D2): pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.core.mail import FinishedMessage
from app.invitations.envelope import frame
from app.invitations.letters import closing, greeting
from app.invitations.rendering import Link, Rendering, Text
from app.invitations.types import Desk, LetterKind

SUBJECT = "Two questions about a meeting you took part in"


def feedback_letters(
    desk: Desk, readers: Sequence[tuple[str, str, str]], now: datetime
) -> list[FinishedMessage]:
    """For (name, email, link) each, in their order. It bears no reference: who answers stays
    unknown."""
    made, writes = frame(LetterKind.FEEDBACK, desk, SUBJECT, now), Rendering()
    finished = []
    for name, email, link in readers:
        blocks = [
            Text(greeting(name)),
            Text("You took part in a multi-agency meeting of ours. Please tell us how it was."),
            Link("Answer two questions", link),
            Text(
                "It takes half a minute and needs no code. Your answer is kept without your name, "
                "and the link works once, for two weeks. Please do not write about the case there."
            ),
            *closing(desk),
        ]
        text, html = writes.as_text(blocks), writes.as_html(SUBJECT, blocks)
        finished.append(made.fill(name, email, text, html))
    return finished
