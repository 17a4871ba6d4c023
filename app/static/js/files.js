// A file that is too large is said at once, not after it has travelled. The server checks it anyway.
const words = (largest) =>
  `This file is larger than ${Math.floor(largest / 1024 / 1024)} MB: choose a smaller one`;

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || !input.dataset.largest) return;
  const group = input.closest(".govuk-form-group");
  group.querySelector(".app-too-large")?.remove();
  group.classList.remove("govuk-form-group--error");
  const largest = Number(input.dataset.largest);
  if (![...input.files].some((file) => file.size > largest)) return;
  input.value = "";
  const message = document.createElement("p");
  message.className = "govuk-error-message app-too-large";
  message.setAttribute("role", "alert");
  message.textContent = words(largest);
  group.classList.add("govuk-form-group--error");
  input.before(message);
});
