"""From HTML of our own making to a PDF that fetches nothing (H7): PDF/A-3a and PDF/UA-1 (F3).

Everything on paper goes this way: `page_template` fills in the words, `laid_out` makes the pages,
`finished` says what the file is. Whoever needs more (a reader's name, an attachment) does it to
the open file in between.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from app.core.paper.drawable import drawable
from app.core.paper.metadata import xmp_packet

if TYPE_CHECKING:
    from pikepdf import Pdf

TEMPLATES = Path(__file__).parents[2] / "templates"
# What a form, a report and the record have in common; letters look like letters.
DRESS = Path(__file__).parent / "dress.css"


class PrintError(RuntimeError):
    """A document cannot be printed."""


def drawn(value: object) -> object:
    """A template's `finalize`: everything that it prints passes here, whoever wrote it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return drawable(value)
    return value


@lru_cache(maxsize=1)
def paper_templates() -> Environment:
    """Templates for paper: escaped, strict, and drawable to the last character."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=drawn,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def page_template(name: str) -> Template:
    """A template of app/templates that is printed."""
    return paper_templates().get_template(name)


@cache
def _style(path: Path) -> Any:
    """A style sheet, parsed once for the life of a process."""
    from weasyprint import CSS

    style = path.read_text(encoding="utf-8")
    return CSS(string=style, url_fetcher=fetches_nothing(), font_config=fonts())


def laid_out(html: str, *styles: Path) -> bytes:
    """The tagged pages, with these style sheets, of which a later one counts for more. The costly
    part: a second or so.

    Raises PrintError where they would fetch anything.
    """
    sheets = [_style(one) for one in styles]
    return print_pages(html, sheets, pdf_variant="pdf/a-3a", finisher=say_scopes)


def finished(pdf: Pdf, title: str, authority: str, made_at: datetime) -> bytes:
    """The open file as bytes that say of themselves what they are, who made them and when.

    The same pages and words give the same bytes.
    """
    from pikepdf import Name, ObjectStreamMode

    packet = xmp_packet(drawable(title), authority, made_at)
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


@lru_cache(maxsize=1)
def fetches_nothing() -> Any:
    """A fetcher that fetches nothing: what is printed comes from the content alone (H7)."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class Refuse(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
            raise FatalURLFetchingError(f"The document fetches nothing, and was asked for {url!r}.")

    return Refuse()


@lru_cache(maxsize=1)
def fonts() -> Any:
    """The system's fonts, looked up and opened once for the life of a process."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def print_pages(html: str, sheets: list[Any], **options: Any) -> bytes:
    """The pages as WeasyPrint lays them out. Raises PrintError where they would fetch anything."""
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError

    try:
        printed = HTML(string=html, url_fetcher=fetches_nothing()).write_pdf(
            stylesheets=sheets, font_config=fonts(), **options
        )
    except FatalURLFetchingError as error:  # a BaseException, which would end a worker
        raise PrintError(str(error)) from error
    return bytes(printed)


def say_scopes(_document: Any, pdf: Any) -> None:
    """Say of each header cell whether it heads a column or a row; WeasyPrint names ids only.

    Done to what WeasyPrint is about to write (its `finisher`): to read the file back costs more.
    """
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("S") == "/TH" and "A" in item:
            group = _parent(pdf, _parent(pdf, item))
            item["A"]["Scope"] = "/Column" if group.get("S") == "/THead" else "/Row"


def _parent(pdf: Any, item: Any) -> Any:
    return pdf.objects[int(item["P"].split()[0])]
