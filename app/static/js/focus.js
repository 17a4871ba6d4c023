// Whoever works by keyboard stays where they are when htmx puts in a part of the page anew. htmx
// itself follows the id of what had the focus; this follows links and buttons without one by what
// they are, and where a button is gone its part takes the focus: the next Tab goes on from there.
const WORKS = "a[href], button, input, select, textarea, summary";

const isSame = (one, other) =>
  one.tagName === other.tagName &&
  ["href", "name", "value", "type"].every((part) => one.getAttribute(part) === other.getAttribute(part)) &&
  one.textContent.trim() === other.textContent.trim();

const likeIt = (one) => [...document.querySelectorAll(WORKS)].filter((other) => isSame(one, other));

let left = null;

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const held = document.activeElement;
  left = null;
  if (!detail.shouldSwap || held === document.body || !detail.target?.contains(held)) return;
  left = { held, place: likeIt(held).indexOf(held), part: detail.target.id };
});

document.body.addEventListener("htmx:afterSettle", () => {
  if (!left || left.held.isConnected) return;
  const { held, place, part } = left;
  left = null;
  // An autofocus in the new part, or an id, has found its place already.
  if (document.activeElement !== document.body) return;
  const there = likeIt(held).at(place) ?? document.getElementById(part);
  if (!there) return;
  if (!there.matches(WORKS)) there.tabIndex = -1;
  there.focus({ preventScroll: true });
});
