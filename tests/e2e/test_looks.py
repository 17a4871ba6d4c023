"""What is asked of every page would be noticed: small pages with one thing wrong each."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import keyboard
from tests.e2e.plain import Plain

pytestmark = pytest.mark.browser

GOOD = """<!DOCTYPE html><html lang=en><title>A page</title><h1>Good</h1>
<a href="#here">A link</a><details><summary>More</summary><input name=inside></details>
<form action=/do><label>Name <input name=name></label>
<label><input type=radio name=one value=a> A</label><label><input type=radio name=one value=b> B
</label><button>Save</button></form><p id=here>Words</p>%s"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Plain]:
    browser = Plain(chromium)
    yield browser
    browser.close()


def opened(page: Page, more: str = "") -> Page:
    page.goto(f"data:text/html,{quote(GOOD % more)}")
    return page


def test_nothing_is_wrong_with_a_good_page(page: Page, plain: Plain) -> None:
    opened(page)
    keyboard.walk(page)
    keyboard.tab_through(page)
    plain.compare(page)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("<a href=# tabindex=-1>Skipped</a>", "not reached: <a> Skipped"),
        ("<a href=# tabindex=3>First</a>", "out of order: <a> First"),
        ("<style>button:focus {outline: none}</style>", "does not show the focus: <button> Save"),
        (
            "<style>div {position: fixed; inset: 0; background: white}</style><div></div>",
            "covered when focused: <a> A link",
        ),
        (
            "<script>document.forms[0].onkeydown = event => event.preventDefault()</script>",
            "keeps the focus: <input>",
        ),
        (
            "<script>document.links[0].onfocus = event => event.target.blur()</script>",
            "refuses the focus: <a> A link",
        ),
    ],
)
def test_what_the_keyboard_meets_is_noticed(page: Page, wrong: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        keyboard.walk(opened(page, wrong))


def test_a_trap_is_noticed_when_the_key_is_pressed(page: Page) -> None:
    trap = "document.forms[0].one[0].onkeydown = event => event.preventDefault()"
    with pytest.raises(AssertionError, match="Save"):
        keyboard.tab_through(opened(page, f"<script>{trap}</script>"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("<script>document.body.append(document.createElement('h2'))\n"
         "document.querySelector('h2').append('Lively')</script>", "says: {'Lively'}"),
        ("<script>document.forms[0].innerHTML += '<input name=late>'</script>", "asks: {'late'}"),
        ("<form action=/lost><input name=a></form>", r"cannot send: \['/lost'\]"),
        ("<button type=button>Copy</button>", r"idle buttons: \['Copy'\]"),
    ],
)  # fmt: skip
def test_what_is_missing_without_scripts_is_noticed(
    page: Page, plain: Plain, wrong: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        plain.compare(opened(page, wrong))
