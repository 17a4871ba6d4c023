// Says so when a press did not get through, and takes it back once it does.
const place = document.getElementById("app-trouble");

const refused = {
  400: "This page has become too old to be sent. Copy what you typed, then reload the page.",
  401: "You have been signed out. What you typed is still on this page: sign in again in another tab, then repeat the last step here.",
  403: "That was refused: you may have been signed out, or your permissions have changed. Copy what you typed, then reload the page.",
  404: "That no longer exists. Reload the page to see what is there now.",
  409: "Somebody else changed this first. What you typed is still on this page: open it again in another tab to see what is new, then send yours.",
  413: "That file is too large. Choose a smaller one.",
  429: "Too many tries in a short time. Wait a minute, then repeat the last step.",
};
const noConnection =
  "No connection to the server. What you typed is still on this page: check the connection, then repeat the last step.";
const noAnswer =
  "The server did not answer in time. Reload the page to see whether the last step was taken.";
const failed =
  "The server could not do that. What you typed is still on this page: wait a moment, then repeat the last step.";

// The element whose press failed; null when the whole connection was down.
let cause = null;

const say = (text, element) => {
  const paragraph = document.createElement("p");
  paragraph.className = "app-trouble__text";
  paragraph.textContent = text;
  place.replaceChildren(paragraph);
  place.hidden = false;
  cause = element;
};

document.body.addEventListener("htmx:sendError", () => say(noConnection, null));
document.body.addEventListener("htmx:timeout", (event) => say(noAnswer, event.detail.elt));
document.body.addEventListener("htmx:responseError", (event) =>
  say(refused[event.detail.xhr.status] ?? failed, event.detail.elt),
);
document.body.addEventListener("htmx:afterRequest", (event) => {
  const status = event.detail.xhr?.status ?? 0;
  const answered = event.detail.successful || status === 422;
  // A background refresh that works must not wipe away the news that somebody's press did not.
  if (answered && (cause === null || cause === event.detail.elt)) {
    place.hidden = true;
    place.replaceChildren();
  }
});
