// Light, dark, contrast or as on the device: at once here, and kept by the server for the next page.

import { post } from "./fragments.js";

export function listen() {
  const form = document.getElementById("theme-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    post(form.action, "preferences", { theme });
  });
}
