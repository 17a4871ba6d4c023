"""A letter as a PDF: tagged, titled, PDF/A-3a and PDF/UA-1, as the record is (A10, F3)."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from app.core.paper.printing import finished, laid_out, page_template
from app.referrals.letters.types import LetterText

STYLE = Path(__file__).parent / "letter.css"


def letter_pdf(text: LetterText, sent_at: datetime) -> bytes:
    """The letter, with the same words as on its page. `sent_at` is UTC: when it was sent, or now
    for a preview. Raises `FontsMissing` where the system lacks the font library."""
    from pikepdf import Pdf

    html = page_template("referrals/letters/paper.html").render(letter=text)
    with Pdf.open(io.BytesIO(laid_out(html, STYLE))) as pdf:
        return finished(pdf, f"{text.heading}, {text.reference}", text.sender, sent_at)
