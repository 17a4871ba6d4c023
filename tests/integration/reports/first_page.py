"""Reading the first page as its readers do."""

from __future__ import annotations

import re


def line_of(page: str, ref: str) -> str:
    """What the first page says of a referral, in words."""
    [found] = [one for one in page.split('<li class="app-work__item')[1:] if ref in one]
    words = re.sub(r"<[^>]+>", " ", found.split(">", 1)[1].partition("</li>")[0])
    return " ".join(words.split())
