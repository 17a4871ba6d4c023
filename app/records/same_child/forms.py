"""Saying that two records are one child, and taking it back: shape only."""

from __future__ import annotations

from app.web.choices import RadioField
from app.web.forms import Line, OnceForm, Passage, Required

BY_REFERENCE = "reference"


class LinkForm(OnceForm):
    known = RadioField("Which child is it?", validate_choice=False)
    reference = Line("Reference of the child, for example CH-7K3M-9QXA", length=20)
    reason = Passage(
        "How do you know that it is the same child?",
        length=2000,
        validators=[Required("Say how you know that it is the same child")],
    )

    def chosen(self) -> str:
        """The reference chosen or typed; empty where there is none."""
        if self.known.data in (None, "", "None", BY_REFERENCE):
            return self.reference.data or ""
        return str(self.known.data)


class UndoForm(OnceForm):
    reason = Passage(
        "How do you know that it is another child?",
        length=2000,
        validators=[Required("Say how you know that it is another child")],
    )
