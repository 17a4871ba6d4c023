"""What is asked of every page: axe finds nothing; at 320 px nothing scrolls sideways, and buttons
that stand together are equally wide."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from playwright.sync_api import Browser, Page

AXE = next((Path(__file__).parent / "axe").glob("axe*.min.js"))
SHORT_BUTTONS = """[...document.querySelectorAll(".govuk-button-group .govuk-button")]
    .filter(one => one.offsetWidth && one.offsetWidth
        < 0.95 * one.closest(".govuk-button-group").clientWidth)
    .map(one => one.innerText)"""
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


class Looked:
    """Looks at pages as they stand; works for a browser without scripts through a second one.

    Axe is a script, and the product's own policy forbids scripts that are not its own: pages are
    therefore examined as documents of their own, with the styles they link to, one after the other
    in a window that stays open.
    """

    def __init__(self, chromium: Browser, base_url: str) -> None:
        self._chromium = chromium
        self._base_url = base_url
        self.seen: set[str] = set()

    def at(self, page: Page) -> None:
        """Assert both for the page now open in `page`."""
        page.wait_for_load_state()
        page.locator("h1").first.wait_for()
        self._sideways(page)
        self._axe(page)
        self.seen.add(page.title())

    def at_once(self, page: Page) -> None:
        """The same for a page of `open_page`: it is examined where it stands."""
        page.locator("h1").first.wait_for()
        self._examine(page, page)
        self._sideways(page)

    def open_page(self) -> Page:
        """A browser in which axe may run: without the product's policy, with everything else."""
        context = self._chromium.new_context(
            base_url=self._base_url, bypass_csp=True, viewport={"width": 1280, "height": 900},
            locale="en-GB", timezone_id="Europe/London",
        )  # fmt: skip
        context.set_default_timeout(30_000)
        context.add_init_script(path=AXE)  # once: sent with each question it takes longer than axe
        return context.new_page()

    @cached_property
    def _beside(self) -> Page:
        page = self.open_page()
        page.goto("/health")
        return page

    def close(self) -> None:
        if "_beside" in self.__dict__:
            self._beside.context.close()

    def _axe(self, page: Page) -> None:
        self._beside.set_content(page.content(), wait_until="load")
        self._examine(self._beside, page)

    def _examine(self, where: Page, page: Page) -> None:
        found = where.evaluate("options => axe.run(document, options)", OPTIONS)
        problems = [
            f"{violation['id']}: {violation['help']} at "
            + "; ".join(" ".join(node["target"]) for node in violation["nodes"][:4])
            for violation in found["violations"]
        ]
        assert not problems, f"axe on {page.url} ({page.title()}):\n" + "\n".join(problems)

    def _sideways(self, page: Page) -> None:
        before = page.viewport_size
        page.set_viewport_size({"width": 320, "height": 720})
        try:
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, f"{page.url} is {width} px wide in a window of 320 px"
            short = page.evaluate(SHORT_BUTTONS)
            assert not short, f"{page.url} has buttons shorter than those beside them: {short}"
        finally:
            if before:
                page.set_viewport_size(before)
