"""Every form behind a link carries the mark of the page it stands on (D3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "app" / "templates"
_FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)
PAGES = sorted(path for name in ("guests", "refer") for path in (TEMPLATES / name).rglob("*.html"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_form_of_a_page_behind_a_link_says_where_it_belongs(path: Path) -> None:
    for form in _FORM.findall(path.read_text(encoding="utf-8")):
        before_the_code = "token=token" in form
        assert before_the_code or "hidden_fields(" in form or "page_mark()" in form, form


@pytest.mark.parametrize("macro", ["macros/fields.html", "macros/parts.html"])
def test_the_macros_bring_the_mark_along(macro: str) -> None:
    assert "{{ page_mark() }}" in (TEMPLATES / macro).read_text(encoding="utf-8")
