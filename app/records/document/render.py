"""Prints a copy as one file that is PDF/A-3a and PDF/UA-1 (F3).

Laying out pages is what costs. Readers who may see the same get the same pages, laid out once
(`lay_out`); `address` then puts one reader's name on every page, the title and the record.json
into the file, which costs a small fraction of it. Nothing that a reader may not see has ever
reached this module for that reader's copy.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Template

from app.core.clock import london_date
from app.core.paper.printing import (
    DRESS,
    finished,
    laid_out,
    page_template,
    paper_templates,
    print_pages,
)
from app.records.document import wording
from app.records.document.canonical import copy_json
from app.records.document.types import ExtractKind, ReaderRecord

if TYPE_CHECKING:
    from pikepdf import Object, Page, Pdf

STYLE = Path(__file__).parent / "record.css"
ATTACHMENT = "record.json"
MM = 72 / 25.4
DRAFT_MARKING = "DRAFT, NOT SIGNED"
_TEMPLATES = {
    None: "records/document/record.html",
    ExtractKind.CHILD: "records/document/record.html",
    ExtractKind.ACTIONS: "records/document/actions.html",
}
STRIP_LEFT, STRIP_BOTTOM, STRIP_WIDTH, STRIP_HEIGHT = 19.0, 8.2, 136.0, 12.5


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The pages, and a copy that they were laid out for: its reader alone may be another."""

    copy: ReaderRecord
    pdf: bytes


def render(copy: ReaderRecord, check_at: str = "") -> bytes:
    """One reader's copy as PDF bytes, not yet sealed. The same copy gives the same bytes.

    `check_at` is the address where anybody may have the file checked (F7). Raises
    `drawable.FontsMissing` where the system lacks the font library. Source: F3, F4.
    """
    return address(lay_out(copy, check_at=check_at), copy)


def render_draft(copy: ReaderRecord) -> bytes:
    """A copy as it would be, to be read before sign-off (F1): marked as a draft on every page,
    without signature, hash and record.json. It is never sealed and never stored.
    """
    from pikepdf import Pdf

    with Pdf.open(io.BytesIO(lay_out(copy, draft=True).pdf)) as pdf:
        _put_name(pdf, f"Draft, not signed. {wording.copy_for(copy)}")
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def lay_out(copy: ReaderRecord, *, draft: bool = False, check_at: str = "") -> LaidOut:
    """The pages for everyone whose view and hash are those of this copy. The costly part."""
    marking = f"{copy.view.marking} {DRAFT_MARKING}" if draft else copy.view.marking
    headlines = wording.headlines(copy.view)
    html = page_template(_TEMPLATES[copy.extract.kind if copy.extract else None]).render(
        view=replace(copy.view, marking=marking),
        changes=copy.changes,
        extract=copy.extract,
        draft=draft,
        words=wording,
        title=wording.title(copy),
        presence=wording.PRESENCE_WORDS,
        held_on=london_date(copy.view.meeting.started_at),
        headlines=headlines,
        compared=wording.compared(headlines),
        one_address=wording.one_address(copy.view),
        signature=wording.signature(copy),
        hash_lines=_in_groups(copy.canonical_sha256),
        check_at=check_at,
    )
    return LaidOut(copy, laid_out(html, DRESS, STYLE))


def address(pages: LaidOut, copy: ReaderRecord) -> bytes:
    """The shared pages as this reader's copy: name on every page, title, record.json.

    Raises `ValueError` where the pages were laid out for other eyes.
    """
    from pikepdf import Pdf

    if not pages.copy.shares_pages_with(copy):
        raise ValueError("These pages show another view: lay them out for this reader.")
    signed_at = copy.view.sign_off.signed_at.astimezone(UTC)
    title = f"{wording.title(copy)}. {wording.copy_for(copy)}"
    with Pdf.open(io.BytesIO(pages.pdf)) as pdf:
        _put_name(pdf, wording.copy_for(copy))
        _attach(pdf, copy_json(copy), signed_at)
        return finished(pdf, title, copy.view.authority, signed_at)


def _in_groups(digest: str) -> str:
    groups = [digest[start : start + 8] for start in range(0, len(digest), 8)]
    return " ".join(groups[:4]) + "\n" + " ".join(groups[4:])


@lru_cache(maxsize=1)
def _strip_template() -> Template:
    return paper_templates().from_string(
        '<!doctype html><html lang="en-GB"><title>Reader</title><style>'
        "@page { size: {{ width }}mm {{ height }}mm; margin: 0 }"
        'body { margin: 0; font: bold {{ points }}pt/1.2 "Liberation Sans", "DejaVu Sans";'
        " color: #16211f; overflow-wrap: anywhere; max-height: {{ height }}mm }"
        "</style><body>{{ text }}</body></html>"
    )


def _strip(text: str) -> bytes:
    """The reader's line as a page of its own, smaller where the name is long; nothing is cut."""
    points = 8.5 if len(text) <= 140 else max(3.0, 8.5 * (140 / len(text)) ** 0.5)
    html = _strip_template().render(
        text=text, width=STRIP_WIDTH, height=STRIP_HEIGHT, points=round(points, 2)
    )
    return print_pages(html, [])


def _put_name(pdf: Pdf, text: str) -> None:
    """Draw the reader's line at the foot of each page, as an artifact as running feet are."""
    from pikepdf import Dictionary, Name, Pdf

    with Pdf.open(io.BytesIO(_strip(text))) as strip:
        form = pdf.copy_foreign(strip.pages[0].as_form_xobject())
    content = (
        b"/Artifact <</Type /Pagination /Subtype /Footer>> BDC q "
        b"1 0 0 1 %.3f %.3f cm /Reader Do Q EMC" % (STRIP_LEFT * MM, STRIP_BOTTOM * MM)
    )
    foot = pdf.make_stream(content)
    for page in pdf.pages:
        _own_resources(page, Dictionary)
        page.obj.Resources.XObject["/Reader"] = form
        page.contents_add(foot, prepend=True)
    assert form.Subtype == Name.Form


def _own_resources(page: Page, dictionary: type[Any]) -> None:
    if "/XObject" not in page.obj.Resources:
        page.obj.Resources["/XObject"] = dictionary()


def _attach(pdf: Pdf, record_json: bytes, signed_at: datetime) -> None:
    """record.json, as the data from which the pages were made (AFRelationship Data)."""
    from pikepdf import Array, AttachedFileSpec, Name

    stamp = f"D:{signed_at:%Y%m%d%H%M%S}Z"
    spec = AttachedFileSpec(
        pdf,
        record_json,
        filename=ATTACHMENT,
        description="The content of this copy in machine-readable form",
        mime_type="application/json",
        creation_date=stamp,
        mod_date=stamp,
    )
    spec.relationship = Name.Data
    pdf.attachments[ATTACHMENT] = spec
    pdf.Root.AF = Array([_indirect(pdf, spec.obj)])


def _indirect(pdf: Pdf, item: Object) -> Object:
    return item if item.is_indirect else pdf.make_indirect(item)
