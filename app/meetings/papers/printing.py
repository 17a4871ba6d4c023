"""A form as a PDF: tagged, titled, PDF/A-3a and PDF/UA-1, as the record is (C6, F3)."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.clock import words_for_moment
from app.core.paper.drawable import drawable
from app.core.paper.metadata import xmp_packet
from app.core.paper.printing import drawn, fetches_nothing, print_pages, say_scopes
from app.meetings.papers.types import Paper, Rows, Table

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "templates"


def printed(paper: Paper) -> bytes:
    """The form as PDF bytes. Costs a second or so: never inside a transaction.

    Raises `drawable.FontsMissing` where the system lacks the font library.
    """
    from pikepdf import Name, ObjectStreamMode, Pdf
    from weasyprint import CSS

    html = _template().render(
        paper=paper,
        made=words_for_moment(paper.made_at),
        shape=shape,
        lines=str.splitlines,
    )
    sheet = CSS(string=_style(), url_fetcher=fetches_nothing())
    pages = print_pages(html, [sheet], pdf_variant="pdf/a-3a", finisher=say_scopes)
    title = drawable(f"{paper.name}: {paper.title} {paper.reference}")
    with Pdf.open(io.BytesIO(pages)) as pdf:
        packet = xmp_packet(title, paper.authority, paper.made_at)
        pdf.Root.Metadata = pdf.make_stream(packet, Type=Name.Metadata, Subtype=Name.XML)
        if "/Info" in pdf.trailer:
            del pdf.trailer["/Info"]
        out = io.BytesIO()
        pdf.save(
            out,
            deterministic_id=True,
            object_stream_mode=ObjectStreamMode.generate,
            fix_metadata_version=False,
        )
    return out.getvalue()


def shape(part: object) -> str:
    """Which of its three looks a part of a section has: `rows`, `table` or `words`."""
    if isinstance(part, Rows):
        return "rows"
    return "table" if isinstance(part, Table) else "words"


@lru_cache(maxsize=1)
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=drawn,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("meetings/papers/document.html")


@lru_cache(maxsize=1)
def _style() -> str:
    return (HERE / "paper.css").read_text(encoding="utf-8")
