// Starts the GOV.UK components, at first and in every fragment that htmx puts into the page.
import { initAll } from "../vendor/govuk-frontend-6.3.0.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");

// A fragment's parent may hold components that already run: only that complaint is expected.
const onError = (error) => {
  if (error?.name !== "InitError") console.error(error);
};

initAll();
document.body.addEventListener("htmx:load", (event) => {
  const added = event.detail.elt;
  if (added !== document.body) initAll({ scope: added.parentElement ?? added, onError });
});
