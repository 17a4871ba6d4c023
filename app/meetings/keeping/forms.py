"""The form by which a booked discussion is kept: shape only."""

from __future__ import annotations

from app.web.forms import OnceForm, Passage, Required


class KeepForm(OnceForm):
    reason = Passage(
        "Why is it still needed?",
        length=2_000,
        validators=[Required("Say why it is still needed")],
    )
