"""The report as a PDF: tagged, titled, PDF/A-3a and PDF/UA-1, as the record is (G6, F3)."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from app.core.clock import words_for_moment
from app.core.paper.printing import DRESS, finished, laid_out, page_template
from app.reports.quality.board.types import BoardReport

STYLE = Path(__file__).parent / "board.css"


def printed(report: BoardReport, made_at: datetime) -> bytes:
    """The report as PDF bytes. Costs a second or so: never inside a transaction.

    Raises `drawable.FontsMissing` where the system lacks the font library.
    """
    from pikepdf import Pdf

    html = page_template("quality/board_paper.html").render(
        report=report, made=words_for_moment(made_at)
    )
    with Pdf.open(io.BytesIO(laid_out(html, DRESS, STYLE))) as pdf:
        return finished(pdf, f"{report.title}. {report.period}", report.authority, made_at)
