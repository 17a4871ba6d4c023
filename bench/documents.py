"""What a reader's sealed copy costs, as a multiple of bare WeasyPrint on the same text.

Bare means WeasyPrint alone on the same HTML and CSS, tagged PDF/A as the record is. Target: 1.15
times for one copy.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.clock import now
from app.core.paper.printing import fetches_nothing
from app.records.document import render
from app.records.document.readers import for_reader
from app.records.document.seal import Sealer, new_authority, seal
from tests.unit.records import contents

ROUNDS = 12
TARGET = 1.15


def run() -> list[str]:
    sealer = _sealer(now())
    # Three people each of four agencies: twelve copies in four views.
    content = contents.content()
    copies = [
        for_reader(content, replace(agency, name=f"{agency.name} {number}"))
        for agency in (contents.POLICE, contents.HEALTH, contents.SCHOOL, contents.SOCIAL_CARE)
        for number in range(3)
    ]
    html, sheets, options = _what_is_printed(copies[0])

    def bare() -> object:
        from weasyprint import HTML

        return HTML(string=html, url_fetcher=fetches_nothing()).write_pdf(
            stylesheets=sheets, **options
        )

    def one() -> object:
        return seal(render.render(copies[0]), sealer, now())

    def everybody() -> object:
        return [seal(pdf, sealer, now()) for _, pdf in render.render_copies(copies)]

    times = _in_turn({"bare": bare, "one": one, "everybody": everybody})
    return [
        f"one sealed copy: {times['one'] / times['bare']:.2f} times bare WeasyPrint "
        f"({times['bare'] * 1000:.0f} ms; target {TARGET})",
        f"{len(copies)} sealed copies: {times['everybody'] / times['bare']:.2f} times one bare",
    ]


def _sealer(moment: datetime) -> Sealer:
    with tempfile.TemporaryDirectory() as name:
        paths = Path(name) / "key.pem", Path(name) / "certificate.pem"
        for path, content in zip(
            paths, new_authority("Bench Borough Council", moment), strict=True
        ):
            path.write_bytes(content)
        return Sealer.load(*paths)


def _what_is_printed(copy: Any) -> tuple[str, list[Any], dict[str, Any]]:
    """The very HTML and style sheets that the record is printed from."""
    seen: list[tuple[str, list[Any], dict[str, Any]]] = []
    printing = render.print_pages

    def listening(html: str, sheets: list[Any], **options: Any) -> bytes:
        seen.append((html, sheets, options))
        return printing(html, sheets, **options)

    render.print_pages = listening
    try:
        render.render(copy)
    finally:
        render.print_pages = printing
    return seen[0]


def _in_turn(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if turn:
                taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in taken.items()}
