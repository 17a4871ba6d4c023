"""Why no discussion speaks of a child who joined: shape only."""

from __future__ import annotations

from app.web.forms import OnceForm, Passage, Required


class NoneNeededForm(OnceForm):
    reason = Passage(
        "Why is no discussion needed?",
        length=2000,
        validators=[Required("Say why no discussion is needed")],
    )
