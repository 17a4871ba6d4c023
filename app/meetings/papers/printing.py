"""A form as a PDF: tagged, titled, PDF/A-3a and PDF/UA-1, as the record is (C6, F3)."""

from __future__ import annotations

import io
from pathlib import Path

from app.core.clock import words_for_moment
from app.core.paper.printing import DRESS, finished, laid_out, page_template
from app.meetings.papers.types import Paper, Rows, Table

STYLE = Path(__file__).parent / "paper.css"


def printed(paper: Paper) -> bytes:
    """The form as PDF bytes. Costs a second or so: never inside a transaction.

    Raises `drawable.FontsMissing` where the system lacks the font library.
    """
    from pikepdf import Pdf

    html = page_template("meetings/papers/document.html").render(
        paper=paper,
        made=words_for_moment(paper.made_at),
        shape=shape,
        lines=str.splitlines,
    )
    with Pdf.open(io.BytesIO(laid_out(html, DRESS, STYLE))) as pdf:
        title = f"{paper.name}: {paper.title} {paper.reference}"
        return finished(pdf, title, paper.authority, paper.made_at)


def shape(part: object) -> str:
    """Which of its three looks a part of a section has: `rows`, `table` or `words`."""
    if isinstance(part, Rows):
        return "rows"
    return "table" if isinstance(part, Table) else "words"
