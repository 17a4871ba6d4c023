"""Reading the first page as its readers do."""

from __future__ import annotations

import re


def line_of(page: str, ref: str) -> str:
    """What the first page says of a referral, in words."""
    items = [one.partition("</li>")[0] for one in page.split('<li class="app-work__item')[1:]]
    [found] = [one for one in items if ref in one]
    words = re.sub(r"<[^>]+>", " ", found.split(">", 1)[1])
    return " ".join(words.split())
