// Says on the screen how old what it shows is, once a refresh has failed. htmx does the refreshing.
const lost = document.getElementById("wall-lost");
const STALE = 40_000;

let shownAt = Date.now();
let ticks = performance.now();

// Of two clocks the one that says older: one stands still while the machine sleeps, the other is
// set by people.
const age = () => Math.max(Date.now() - shownAt, performance.now() - ticks);

const words = (milliseconds) => {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  const hours = Math.floor(minutes / 60);
  return `${hours} ${hours === 1 ? "hour" : "hours"}`;
};

const look = () => {
  const old = age();
  const stale = old > STALE;
  const text = stale ? `No connection. What you see is ${words(old)} old.` : "";
  if (lost.textContent !== text) lost.textContent = text;
  lost.hidden = !stale;
  // Each refresh brings a new one.
  document.getElementById("wall").classList.toggle("wall-stale", stale);
};

document.body.addEventListener("htmx:afterRequest", (event) => {
  const status = event.detail.xhr?.status ?? 0;
  if (event.detail.successful) {
    shownAt = Date.now();
    ticks = performance.now();
  } else if (status === 401 || status === 404) {
    location.reload(); // revoked: the page that says so takes its place
  }
  look();
});
setInterval(look, 1_000);
