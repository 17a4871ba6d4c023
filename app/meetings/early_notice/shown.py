"""What the chair's page says of letters to the quality service."""

from __future__ import annotations

from collections.abc import Iterable

from app.core.clock import words_for_time
from app.meetings.after.types import Conference
from app.meetings.early_notice.queries import NoticeShown

_TOLD = {
    Conference.LIKELY: "that a conference is likely",
    Conference.REQUIRED: "that a conference is required",
    Conference.NOT_NEEDED: "that none is expected any more",
    Conference.NOT_LIKELY: "that none is likely",
}


def told_words(letters: Iterable[NoticeShown]) -> dict[int, str]:
    """By child, what the last letter said and whether it arrived, as one or two sentences."""
    found = {}
    for one in letters:
        at = words_for_time(one.sent_at or one.at)
        words = f"The quality service was told by mail at {at} {_TOLD[one.said]}."
        if one.waits:
            words += " It did not arrive: tell them on the telephone."
        found[one.child_id] = words
    return found
