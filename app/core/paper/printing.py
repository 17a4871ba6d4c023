"""From HTML of our own making to a PDF that fetches nothing (H7)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from app.core.paper.drawable import drawable


class PrintError(RuntimeError):
    """A document cannot be printed."""


def drawn(value: object) -> object:
    """A template's `finalize`: everything that it prints passes here, whoever wrote it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return drawable(value)
    return value


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
