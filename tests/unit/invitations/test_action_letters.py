"""What a letter about late actions promises holds on the page it leads to (E3)."""

from __future__ import annotations

from app.invitations.link_letters import link_preview
from app.invitations.types import Desk, LetterKind


def test_no_letter_about_actions_promises_one_press():
    """The page asks how the action stands and what was done: that is more than one."""
    desk = Desk("The desk", "desk@council.example", "the desk")
    text = str(link_preview(LetterKind.ACTIONS_LATE, desk, "SD-1", "Bo Example"))
    assert "one press" not in text
    assert "If an action is done, please say so on that page." in " ".join(text.split())
