"""A letter as a PDF that a screen reader can read (PDF/UA-1)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.paper.printing import drawn, print_pages
from app.referrals.letters.types import LetterText

HERE = Path(__file__).parent


def letter_pdf(text: LetterText) -> bytes:
    """The letter, with the same words as on its page. Raises `FontsMissing` where the system lacks
    the font library."""
    from weasyprint import CSS

    from app.core.paper.printing import fetches_nothing

    sheet = CSS(string=_style(), url_fetcher=fetches_nothing())
    return print_pages(_template().render(letter=text), [sheet], pdf_variant="pdf/ua-1")


@lru_cache(maxsize=1)
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(HERE.parents[1] / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=drawn,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("referrals/letters/paper.html")


@lru_cache(maxsize=1)
def _style() -> str:
    return (HERE / "letter.css").read_text(encoding="utf-8")
