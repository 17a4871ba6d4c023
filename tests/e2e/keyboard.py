"""A page by keyboard alone: everything that can be pressed or filled in takes the focus, shows that
it has it, is not covered then, and lets it go again (WCAG 2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11).

One question to the page, which focuses one after the other: so it costs little enough for every
page, and a page that changes by itself cannot change in between. `tab_through` presses the key.
"""

from __future__ import annotations

from playwright.sync_api import Page

# What a person works a page with. Of the tabs of a list one takes the focus, arrows go on. What is
# hidden from everybody stands there for the Enter key, or for programs that fill in everything.
_WORKS = """
const WORKS = "a[href], area[href], button, input:not([type=hidden]), select, textarea, summary,"
    + " iframe, [contenteditable], [role=button], [role=link], [role=tab], [tabindex='0']";
const shown = one => one.checkVisibility({visibilityProperty: true})
    && !one.closest("[inert], [aria-hidden=true]");
const works = [...document.querySelectorAll(WORKS)].filter(
    one => shown(one) && !one.matches(":disabled, [role=tab][tabindex='-1']"));
const name = one => `<${one.tagName.toLowerCase()}${one.id && ` id=${one.id}`}> `
    + (one.innerText || one.value || one.getAttribute("aria-label") || "").trim().slice(0, 40);
"""
_FOCUS = (
    "() => {"
    + _WORKS
    + """
const PARTS = [null, "::before", "::after"];
const LOOKS = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "backgroundColor",
    "borderTopColor", "borderTopWidth", "borderBottomColor", "borderBottomWidth", "clipPath",
    "textDecorationLine", "textDecorationThickness"];
const look = one => [one, ...(one.labels ?? [])].flatMap(node => PARTS.map(part => {
    const style = getComputedStyle(node, part);
    return LOOKS.map(name => style[name]).join();
})).join("|");
const covered = one => {
    const own = [one, ...(one.labels ?? [])];
    return [...one.getClientRects()].every(({left, top, width, height}) =>
        [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].every(([x, y]) => {
            const there = document.elementFromPoint(left + x * width, top + y * height);
            return !there || !own.some(mine => mine.contains(there));
        }));
};
const problems = [];
for (const one of works) {
    if (one.tabIndex < 0) { problems.push(`not reached: ${name(one)}`); continue; }
    if (one.tabIndex > 0) problems.push(`out of order: ${name(one)}`);
    document.activeElement?.blur();
    const before = look(one);
    one.focus();
    if (document.activeElement !== one) {
        problems.push(`refuses the focus: ${name(one)}`);
        continue;
    }
    if (!one.matches(":focus-visible") || look(one) === before)
        problems.push(`does not show the focus: ${name(one)}`);
    if (covered(one)) problems.push(`covered when focused: ${name(one)}`);
    const tab = new KeyboardEvent("keydown",
        {key: "Tab", code: "Tab", keyCode: 9, bubbles: true, cancelable: true});
    if (!one.dispatchEvent(tab) || document.activeElement !== one)
        problems.push(`keeps the focus: ${name(one)}`);
}
document.activeElement?.blur();
window.scrollTo(0, 0);
return problems;
}"""
)
_LISTEN = (
    "() => {"
    + _WORKS
    + """
window.reached = new Set();
document.addEventListener("focusin", event => window.reached.add(event.target));
window.toReach = works;
return works.length;
}"""
)
# Of radio buttons of one name the one that is chosen, or the first, stands for all.
_MISSED = (
    "() => {"
    + _WORKS
    + """
const group = one => one.type === "radio" ? `${one.form?.action} ${one.name}` : one;
const reached = new Set([...window.reached].map(group));
return window.toReach.filter(one => !reached.has(group(one))).map(name);
}"""
)


def walk(page: Page) -> None:
    """Assert it of everything on the page now open."""
    problems = page.evaluate(_FOCUS)
    assert not problems, f"by keyboard on {page.url}:\n" + "\n".join(problems[:8])


def tab_through(page: Page) -> None:
    """Press Tab until every stop of the page must have come, and assert that each did, that the
    page stayed, and that the focus came out at the end."""
    here, count = page.url, page.evaluate(_LISTEN)
    for _ in range(count + 2):
        page.keyboard.press("Tab")
    missed = page.evaluate(_MISSED)
    assert not missed, f"Tab does not reach on {page.url}: {missed[:8]}"
    assert page.url == here
