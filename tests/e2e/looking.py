"""What is asked of every page: axe finds nothing, and nothing scrolls sideways at 320 px."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

AXE = next((Path(__file__).parent / "axe").glob("axe*.min.js"))
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Looked:
    """Looks at pages as they stand; works for a browser without scripts through a second one.

    Axe is a script, and the product's own policy forbids scripts that are not its own: pages are
    therefore examined as documents of their own, with the styles they link to.
    """

    def __init__(self, chromium: Browser, base_url: str) -> None:
        self._chromium = chromium
        self._base_url = base_url
        self.seen: set[str] = set()

    def at(self, page: Page) -> None:
        """Assert both for the page now open in `page`."""
        self._sideways(page)
        self._axe(page)
        self.seen.add(page.title())

    def _axe(self, page: Page) -> None:
        context = self._chromium.new_context(
            base_url=self._base_url,
            bypass_csp=True,
            storage_state=page.context.storage_state(),
            viewport={"width": 1280, "height": 900},
        )
        try:
            beside = context.new_page()
            beside.set_default_timeout(15_000)
            content = page.content()
            beside.route("**/*", lambda route: route.continue_())
            beside.goto(f"{self._base_url}/health")
            beside.set_content(content, wait_until="load")
            beside.add_script_tag(path=str(AXE))
            found = beside.evaluate("rules => axe.run(document, rules)", RULES)
        finally:
            context.close()
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
        finally:
            if before:
                page.set_viewport_size(before)
