"""What the pages of a form take."""

from __future__ import annotations

from app.web.forms import Line, OnceForm, Passage


class SendForm(OnceForm):
    note = Passage(
        "Anything to add",
        description="It stands at the end of the form.",
        length=5_000,
    )


class ReplyForm(OnceForm):
    reply = Line("Who said so, and what they said", length=1_000)


class ChaseForm(OnceForm):
    """Sends it again: a button and its token."""
