// Keeps every word of the chair's page: each field is sent a moment after the typing stops. What
// cannot be sent stays in its field, is tried again, and holds the page open. What others write
// meanwhile comes in where nobody is typing; where two wrote in one field, both texts are shown.
const form = document.querySelector("form[data-autosave]");

const PAUSE = 600;
const LOOK_EVERY = 10_000;
const STAY_EVERY = 4 * 60_000;
const STILL_THERE = 5 * 60_000;
const PATIENCE = 20_000;
const RETRIES = [2_000, 4_000, 8_000, 15_000, 30_000];

const status = form.querySelector("[data-status]");
const announcement = document.getElementById("app-announcement");
const trouble = document.getElementById("app-trouble");
const notice = form.querySelector("[data-notice]");

const fields = new Map();
const queue = [];
let sending = null;
let retries = 0;
let retryTimer = 0;
let signedOut = false;
let leaving = false;
let lookedAt = form.dataset.at;
let peopleSeen = form.dataset.people;
let stateSeen = form.dataset.state;
let lastActive = Date.now();

// --- A field and its words -----------------------------------------------------------------

const controlsOf = (wrapper) =>
  [...wrapper.querySelectorAll("input, textarea, select")].filter((one) => one.type !== "hidden");

const read = (field) => {
  const first = field.controls[0];
  if (first.type === "radio") return field.controls.find((one) => one.checked)?.value ?? "";
  if (first.type === "checkbox") return first.checked ? "yes" : "";
  return first.value;
};

const write = (field, value) => {
  const first = field.controls[0];
  if (first.type === "radio") {
    for (const one of field.controls) one.checked = one.value === value;
  } else if (first.type === "checkbox") first.checked = value === "yes";
  else first.value = value;
};

const inWords = (field, value) => {
  const radio = field.controls.find((one) => one.type === "radio" && one.value === value);
  return radio ? radio.closest("label").textContent.trim() : value || "Nothing";
};

const isWords = (field) => field.controls[0].tagName === "TEXTAREA";
const hasFocus = (field) => field.controls.includes(document.activeElement);
const same = (one, other) => one.trim().replaceAll("\r\n", "\n") === other.trim();

const rebase = (field, version) => {
  field.version = version;
  field.base.value = version;
};

for (const wrapper of form.querySelectorAll("[data-field]")) {
  const name = wrapper.dataset.field;
  const slash = name.indexOf("/");
  const field = {
    name,
    scope: name.slice(0, slash),
    key: name.slice(slash + 1),
    label: wrapper.querySelector("legend, label").textContent.trim(),
    wrapper,
    controls: controlsOf(wrapper),
    base: wrapper.querySelector("input[type=hidden]"),
    timer: 0,
    attempts: [], // what was sent and may have arrived although no answer came
    clash: wrapper.querySelector(".app-clash") !== null,
    refused: false,
  };
  field.version = Number(field.base.value);
  field.kept = read(field);
  // The server kept somebody else's words here; these are not saved yet.
  if (field.clash) field.kept = null;
  fields.set(field.name, field);
}

const isDirty = (field) => field.kept === null || !same(read(field), field.kept);
const unsaved = () => [...fields.values()].filter(isDirty);

// --- Telling -------------------------------------------------------------------------------

const say = (words, failed = false) => {
  status.textContent = words;
  status.classList.toggle("app-saved--failed", failed);
};

const announce = (words) => {
  announcement.textContent = words;
};

// In sight wherever on the page one is: what is wrong, and that no word is lost.
const warn = (words, link = null) => {
  const paragraph = document.createElement("p");
  paragraph.className = "app-trouble__text";
  paragraph.textContent = words;
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: link.href, target: "_blank", textContent: link.words });
    anchor.className = "govuk-link";
    anchor.rel = "noopener";
    paragraph.append(" ", anchor);
  }
  trouble.replaceChildren(paragraph);
  trouble.hidden = false;
  trouble.dataset.autosave = "yes";
};

const calm = () => {
  if (trouble.dataset.autosave !== "yes") return;
  delete trouble.dataset.autosave;
  trouble.hidden = true;
  trouble.replaceChildren();
  announce("Saving works again.");
};

const holderOf = (field) =>
  [...field.wrapper.children].find((child) => child.contains(field.controls[0]));

// A line about a field, above its control: who wrote there, or what is wrong.
const lineIn = (field, kind, className, words) => {
  let line = field.wrapper.querySelector(`[data-${kind}]`);
  if (!line && words) {
    line = document.createElement("p");
    line.setAttribute(`data-${kind}`, "");
    line.className = className;
    line.id = `${field.controls[0].id}-${kind}`;
    field.wrapper.insertBefore(line, holderOf(field));
  }
  if (line) {
    line.textContent = words;
    line.hidden = !words;
  }
};

const tellWriter = (field, words) => lineIn(field, "written", "app-ask__written", words);

const complain = (field, message) => {
  lineIn(field, "error", "govuk-error-message", message);
  if (message) field.controls[0].setAttribute("aria-describedby", `${field.controls[0].id}-error`);
};

// --- Requests ------------------------------------------------------------------------------

const token = () => form.elements.csrf_token.value;

const takeToken = (fresh) => {
  for (const one of document.querySelectorAll("input[name=csrf_token]")) one.value = fresh;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": fresh }));
};

const ask = (url, options = {}) =>
  fetch(url, {
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
    ...options,
    headers: { "X-Autosave": "1", "X-CSRFToken": token(), ...options.headers },
  });

// Whether somebody is signed in; the token is renewed on the way.
const alive = async () => {
  const answer = await ask(form.dataset.token);
  if (answer.status === 401) return false;
  if (!answer.ok) throw new Error("no token");
  takeToken(await answer.text());
  return true;
};

const tryLater = () => {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(pump, RETRIES[Math.min(retries, RETRIES.length - 1)]);
  retries += 1;
};

const cannotReach = () => {
  say("Not saved yet", true);
  if (trouble.hidden) announce("No connection. What you typed is kept on this page.");
  warn("No connection to the server. Go on typing: it is kept on this page and saved as soon as the connection is back. Do not close the page.");
  tryLater();
};

const mustSignIn = () => {
  if (!signedOut) announce("You have been signed out. What you typed is kept on this page.");
  signedOut = true;
  say("Not saved yet", true);
  warn("You have been signed out. What you typed is kept on this page: sign in again in another tab, and it is saved.", {
    href: form.dataset.signIn,
    words: "Sign in in another tab",
  });
  tryLater();
};

// --- Sending -------------------------------------------------------------------------------

const enqueue = (field) => {
  clearTimeout(field.timer);
  field.timer = 0;
  if (field.clash || !isDirty(field)) return;
  if (!queue.includes(field)) queue.push(field);
  pump();
};

// First of all, once: typing may have put it into the queue again while it was on its way.
const sendAgain = (field) => {
  if (!queue.includes(field)) queue.unshift(field);
};

async function pump() {
  if (sending) return;
  clearTimeout(retryTimer);
  if (signedOut) {
    try {
      if (!(await alive())) return mustSignIn();
    } catch {
      return cannotReach();
    }
    signedOut = false;
    retries = 0;
    calm();
  }
  const field = queue.shift();
  if (!field) return;
  sending = field;
  let again = false;
  try {
    again = await send(field);
  } catch {
    sendAgain(field);
    cannotReach();
    return;
  } finally {
    sending = null;
  }
  if (again) pump();
}

// One field. True when the next may follow.
async function send(field) {
  if (field.clash) return true; // whoever reads both texts sends it on
  const value = read(field);
  if (field.kept !== null && same(value, field.kept)) return true;
  say("Saving …");
  field.attempts.push(value);
  const answer = await ask(form.dataset.autosave, {
    method: "POST",
    body: new URLSearchParams({
      scope: field.scope,
      field: field.key,
      value,
      version: String(field.version),
    }),
  });
  if (answer.ok) {
    arrived(field, value, await answer.json());
    return true;
  }
  if (answer.status === 409) {
    clashed(field, value, await answer.json());
    return true;
  }
  if (answer.status === 422) {
    const { message } = await answer.json();
    field.refused = true;
    complain(field, message);
    say("Not saved", true);
    announce(`${field.label}: ${message}`);
    return true;
  }
  sendAgain(field);
  if (answer.status === 401) {
    mustSignIn();
  } else if (answer.status === 400 && retries === 0) {
    // The token belonged to a session that is over; the one of the new session comes with `alive`.
    retries += 1;
    signedOut = true;
    return true;
  } else if (answer.status === 403 || answer.status === 404) {
    say("Not saved", true);
    warn("The server refuses what you write here: your permissions may have changed. Copy what you typed, then load the page again.");
  } else {
    cannotReach();
  }
  return false;
}

function arrived(field, sent, { version, value, saved, shown }) {
  retries = 0;
  calm();
  rebase(field, version);
  field.attempts = [];
  field.kept = sent;
  if (field.refused) complain(field, "");
  field.refused = false;
  if (!same(value, sent)) {
    // A date typed in words comes back in full.
    field.kept = value;
    if (same(read(field), sent)) write(field, value);
  }
  if (shown) show(field.scope, shown);
  if (isDirty(field)) enqueueSoon(field);
  say(saved);
  tellWriter(field, "");
}

function clashed(field, mine, { version, theirs, who, at }) {
  retries = 0;
  const own = field.attempts.some((sent) => same(sent, theirs));
  field.attempts = [];
  if (own) {
    // These are one's own words: they had arrived, only the answer was lost.
    rebase(field, version);
    return enqueueSoon(field);
  }
  field.clash = true;
  field.wrapper.classList.add("govuk-form-group--error");
  const box = document.createElement("div");
  box.className = "app-clash";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `Somebody else wrote here too: ${field.label}`);
  const words = document.createElement("p");
  words.className = "app-clash__words";
  words.textContent = `${who} wrote here at ${at}. Theirs is in the box, yours in the field below it; nothing is lost.`;
  const text = document.createElement("p");
  text.className = "app-conflict__text";
  text.textContent = inWords(field, theirs);
  const choices = document.createElement("p");
  choices.className = "app-clash__choices";
  const settle = (value) => {
    write(field, value);
    rebase(field, version);
    field.kept = theirs;
    // Taking the pressed button away is a loss of focus: only then is the field free again.
    box.remove();
    field.wrapper.classList.remove("govuk-form-group--error");
    field.clash = false;
    enqueue(field);
    field.controls[0].focus();
  };
  const offer = (label, value) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary app-button--small";
    button.textContent = label;
    button.addEventListener("click", () => settle(value()));
    choices.append(button);
  };
  offer("Keep mine", () => read(field));
  offer("Keep theirs", () => theirs);
  if (isWords(field)) offer("Keep both", () => `${theirs}\n\n${read(field)}`);
  box.append(words, text, choices);
  field.wrapper.insertBefore(box, holderOf(field));
  say("Two people wrote in one field", true);
  announce(`${who} wrote in the same field: ${field.label}. Choose which words to keep.`);
}

const enqueueSoon = (field) => {
  clearTimeout(field.timer);
  field.timer = setTimeout(() => enqueue(field), PAUSE);
};

// --- Questions that come and go ------------------------------------------------------------

function show(scope, blocks) {
  const wanted = new Set(blocks);
  const child = form.querySelector(`[data-child="${scope}"]`);
  for (const block of child.querySelectorAll("[data-block]")) block.hidden = !wanted.has(block.id);
}

// --- What others write ---------------------------------------------------------------------

const takeOver = (change) => {
  const field = fields.get(change.name);
  if (!field || field.clash || field === sending || isDirty(field) || queue.includes(field)) return;
  if (change.version === field.version && same(change.value, field.kept)) return;
  // Versions only grow, except those of short lines, which are made of the text.
  if (change.version < field.version && change.written) return;
  if (hasFocus(field) && field.controls[0].type !== "radio") return;
  write(field, change.value);
  field.kept = change.value;
  rebase(field, change.version);
  tellWriter(field, change.written);
};

const listMissing = (missing) => {
  const list = form.querySelector("[data-missing]");
  list.replaceChildren(
    ...missing.map((one) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      Object.assign(link, { href: `#${one.anchor}`, textContent: one.what, className: "govuk-link" });
      item.append(link);
      return item;
    }),
  );
  for (const one of form.querySelectorAll("[data-missing-count]")) one.textContent = String(missing.length);
  form.querySelector("[data-nothing-missing]").hidden = missing.length > 0;
};

const offerReload = (words) => {
  const link = document.createElement("a");
  Object.assign(link, { href: location.pathname, textContent: "Load the page again", className: "govuk-link" });
  notice.replaceChildren(`${words} `, link);
  notice.hidden = false;
};

async function look() {
  const answer = await ask(`${form.dataset.changes}?since=${encodeURIComponent(lookedAt)}`, {
    headers: { "X-Background": "1" },
  });
  if (answer.status === 401) return unsaved().length || lineHasWords() ? mustSignIn() : idle();
  if (!answer.ok) return;
  const news = await answer.json();
  lookedAt = news.at;
  news.fields.forEach(takeOver);
  for (const [scope, blocks] of Object.entries(news.shown)) show(scope, blocks);
  if (!form.querySelector("[data-missing]").contains(document.activeElement)) listMissing(news.missing);
  for (const [scope, words] of Object.entries(news.told)) {
    const line = form.querySelector(`[data-told="${scope}"]`);
    if (line) Object.assign(line, { hidden: false, textContent: words });
  }
  form.querySelector("[data-here]").textContent = news.here;
  form.querySelector("[data-quorum]").hidden = !news.quorum;
  form.querySelector("[data-quorum-words]").textContent = news.quorum;
  if (news.clock) form.querySelector("[data-clock]").textContent = news.clock;
  const list = document.getElementById("action-list");
  if (list.dataset.mark !== news.actions && !list.contains(document.activeElement)) htmx.trigger(list, "refresh");
  if (news.people !== peopleSeen) {
    peopleSeen = news.people;
    offerReload("Somebody joined, or disagrees.");
  }
  if (news.state !== stateSeen) {
    stateSeen = news.state;
    offerReload("The discussion was started, ended or signed elsewhere.");
  }
}

// Nothing is waiting to be saved: say so without alarm, and look again when somebody is back.
const idle = () => mustSignIn();

const running = () => stateSeen === "under_way";
const somebodyHere = () => running() || Date.now() - lastActive < STILL_THERE;

const keepLooking = () =>
  setTimeout(async () => {
    if (!document.hidden && !signedOut && somebodyHere()) {
      try {
        await look();
      } catch {
        // The next save says so where words are waiting; a missed look harms nobody.
      }
    }
    keepLooking();
  }, LOOK_EVERY);

// A running meeting on the screen counts as activity, so that nobody is signed out in the middle.
setInterval(() => {
  if (running() && !signedOut) ask(form.dataset.stay, { method: "POST" }).catch(() => {});
}, STAY_EVERY);

// --- The page ------------------------------------------------------------------------------

const fieldOf = (target) => fields.get(target.closest?.("[data-field]")?.dataset.field);

form.addEventListener("input", (event) => {
  lastActive = Date.now();
  const field = fieldOf(event.target);
  if (field) enqueueSoon(field);
});
form.addEventListener("change", (event) => {
  const field = fieldOf(event.target);
  if (field) enqueue(field);
});
form.addEventListener("focusout", (event) => {
  const field = fieldOf(event.target);
  if (field) enqueue(field);
});
addEventListener("keydown", () => {
  lastActive = Date.now();
});
addEventListener("online", pump);
addEventListener("focus", () => {
  lastActive = Date.now();
  if (signedOut) pump();
});

// Enter saves the line or adds what the line is for; it never sends the whole page by surprise.
form.addEventListener("keydown", (event) => {
  const { target } = event;
  if (event.key !== "Enter" || event.isComposing || target.tagName !== "INPUT") return;
  event.preventDefault();
  const field = fieldOf(target);
  if (field) return enqueue(field);
  target.closest("[data-line]")?.querySelector("[data-line-button]").click();
});

const lineHasWords = () =>
  [...form.querySelectorAll("[data-line] input[type=text], [data-line] textarea")].some((one) => one.value);

// After an action is added the next one can be typed at once.
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "actions") return;
  const wrong = event.detail.elt.querySelector(".govuk-input--error, .govuk-select--error");
  (wrong ?? event.detail.elt.querySelector("[name=action-what]")).focus();
});

// A larger button sends the whole page. First everything must be able to arrive.
form.addEventListener("submit", async (event) => {
  if (leaving) return;
  event.preventDefault();
  const button = event.submitter;
  try {
    if (!(await alive())) return mustSignIn();
  } catch {
    return cannotReach();
  }
  leaving = true;
  form.requestSubmit(button);
});

addEventListener("pageshow", () => {
  leaving = false;
});

addEventListener("beforeunload", (event) => {
  if (!leaving && (unsaved().length || lineHasWords())) event.preventDefault();
});

keepLooking();
