"""From HTML of our own making to a PDF that fetches nothing (H7)."""

from __future__ import annotations

import io
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


def print_pages(html: str, sheets: list[Any], **options: Any) -> bytes:
    """The pages as WeasyPrint lays them out. Raises PrintError where they would fetch anything."""
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError

    try:
        printed = HTML(string=html, url_fetcher=fetches_nothing()).write_pdf(
            stylesheets=sheets, **options
        )
    except FatalURLFetchingError as error:  # a BaseException, which would end a worker
        raise PrintError(str(error)) from error
    return bytes(printed)


def with_scopes(laid_out: bytes) -> bytes:
    """Say of each header cell whether it heads a column or a row; WeasyPrint names ids only."""
    from pikepdf import Dictionary, Name, Pdf

    with Pdf.open(io.BytesIO(laid_out)) as pdf:
        for item in pdf.objects:
            if isinstance(item, Dictionary) and item.get("/S") == Name.TH and "/A" in item:
                group = item["/P"]["/P"]
                item["/A"]["/Scope"] = Name.Column if group.get("/S") == Name.THead else Name.Row
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()
