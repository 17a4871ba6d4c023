"""What a reader's sealed copy costs, as a multiple of bare WeasyPrint on the same text.

Bare means WeasyPrint alone on the same HTML and CSS, tagged PDF/A as the record is. Targets: 1.15
times for one copy, 4 times for twelve in four views, 1.5 times for the press that signs the record.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from app.accounts.types import Role
from app.core.clock import now
from app.core.paper import printing
from app.core.paper.printing import fetches_nothing
from app.core.session import transaction
from app.records.copies import Press
from app.records.document import render
from app.records.document.readers import for_reader
from app.records.document.seal import Sealer, new_authority, seal
from tests.conftest import migrate, settings_for
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.records import a_sealer, make_ended
from tests.page_form import form_of
from tests.unit.records import contents

ROUNDS = 12
TARGET, ALL_TARGET, SIGN_TARGET = 1.15, 4, 1.5
READERS = 12


def run() -> list[str]:
    calls = measured()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = settings_for(folder, f"sqlite:///{folder / 'db.sqlite3'}")
        migrate(settings)
        sign = signing(create_app(settings), ROUNDS + 1)
        # By itself: whoever signs gave the password a moment ago.
        signed = _in_turn({"bare": calls["bare"], "sign": sign})
    times = _in_turn(calls)
    return [
        f"one sealed copy: {times['one'] / times['bare']:.2f} times bare WeasyPrint "
        f"({times['bare'] * 1000:.0f} ms; target {TARGET})",
        f"{READERS} sealed copies: {times['everybody'] / times['bare']:.2f} times one bare "
        f"(target {ALL_TARGET})",
        f"the press that signs the record: {signed['sign'] / signed['bare']:.2f} times one bare "
        f"(target {SIGN_TARGET})",
    ]


def measured() -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    sealer = _sealer(now())
    # Three people each of four agencies: twelve copies in four views.
    content = contents.content()
    readers = [
        replace(agency, name=f"{agency.name} {number}")
        for agency in (contents.POLICE, contents.HEALTH, contents.SCHOOL, contents.SOCIAL_CARE)
        for number in range(READERS // 4)
    ]
    copy = for_reader(content, readers[0])
    html, sheets = _what_is_printed(copy)

    def bare() -> object:
        from weasyprint import HTML

        return HTML(string=html, url_fetcher=fetches_nothing()).write_pdf(
            stylesheets=sheets, pdf_variant="pdf/a-3a"
        )

    def one() -> object:
        return seal(render.render(copy), sealer, now())

    def everybody() -> object:
        press = Press(content, sealer)
        return [press.copy_for(reader, now()) for reader in readers]

    return {"bare": bare, "one": one, "everybody": everybody}


def signing(app: Flask, count: int) -> Callable[[], object]:
    """Presses Sign on the next of so many complete records, at each call."""
    browser = app.test_client()
    with app.app_context():
        with transaction() as session:
            chair = make_staff(session, Role.CHAIR).id
            a_sealer(app.extensions["settings"])
            held = [
                make_ended(session, invitees=8, start=now() - timedelta(hours=2), words=5).ref
                for _ in range(count)
            ]
        sign_in_as(browser, chair)
    paths = [f"/discussions/{ref}/record/sign" for ref in held]
    forms = iter([(path, form_of(browser.get(path).text, path)) for path in paths])

    def sign() -> object:
        path, form = next(forms)
        answer = browser.post(path, data=form | {"absence_reason": "On leave today."})
        if answer.status_code != 303:
            raise RuntimeError(f"not signed ({answer.status_code}): {answer.text[:4000]}")
        return answer

    return sign


def _sealer(moment: datetime) -> Sealer:
    with tempfile.TemporaryDirectory() as name:
        paths = Path(name) / "key.pem", Path(name) / "certificate.pem"
        for path, content in zip(
            paths, new_authority("Bench Borough Council", moment), strict=True
        ):
            path.write_bytes(content)
        return Sealer.load(*paths)


def _what_is_printed(copy: Any) -> tuple[str, list[Any]]:
    """The very HTML and style sheets that the record is printed from."""
    seen: list[tuple[str, list[Any]]] = []
    print_pages = printing.print_pages

    def listening(html: str, sheets: list[Any], **options: Any) -> bytes:
        seen.append((html, sheets))
        return print_pages(html, sheets, **options)

    printing.print_pages = listening
    try:
        render.lay_out(copy)
    finally:
        printing.print_pages = print_pages
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
