// Fragments are the server's own HTML: the browser asks for them, puts them in place and builds none itself.

/** The answer to a request for a fragment. `status` 0 means that the server was not reached. */
async function request(url, name, init = {}) {
  let response;
  try {
    response = await fetch(url, {
      credentials: "same-origin",
      ...init,
      headers: { "X-Fragment": name, ...init.headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { ok: false, status: 0, html: "" };
  }
  if (response.status === 401) {
    // The session has ended: drafts are kept, and the log-in leads back here.
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  return { ok: response.ok, status: response.status, html: await response.text() };
}

export function get(url, name, init) {
  return request(url, name, init);
}

/** Send form fields. Same-origin requests carry `Origin` and `Sec-Fetch-Site`, which the server checks. */
export function post(url, name, fields) {
  return request(url, name, { method: "POST", body: new URLSearchParams(fields) });
}

/** Send a form with a file. */
export function upload(url, name, form) {
  return request(url, name, { method: "POST", body: form });
}

/** A key that tells one form from another: sent again with it, it does not count twice. */
export function newKey() {
  // `crypto.randomUUID` exists only on secure origins; a demo in the local network may not be one.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The one place where a text becomes markup: the server's own, whose scripts would not run. The page's policy names it
// and forbids every other, in browsers that know Trusted Types.
const policy = window.trustedTypes?.createPolicy("zelo-fragments", { createHTML: (html) => html });

/** Parse a fragment. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}

/** Put `next` in the place of `old` without losing the keyboard's place: the same control is focused again. */
export function swap(old, next) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const action = focused?.closest("[data-action]")?.dataset.action;
  const link = focused?.getAttribute("href");
  old.replaceWith(next);
  if (!focused) return;
  const again =
    (action && next.querySelector(`[data-action="${action}"] button`)) ||
    (link && next.querySelector(`a[href="${CSS.escape(link)}"]`)) ||
    next.querySelector("a, button") ||
    document.getElementById("main");
  // What lies in a closed menu cannot be focused; what opens it can.
  const shut = again?.closest("details:not([open])");
  (shut?.querySelector("summary") ?? again)?.focus({ preventScroll: true });
}

/** A text that the server wrote into the page for scripts. */
export function text(name) {
  return document.getElementById("texts").dataset[name] ?? "";
}

/** Say something for six seconds. `undo` is offered as a button. */
export function toast(message, { danger = false, undo } = {}) {
  const box = document.createElement("div");
  box.className = danger ? "toast is-danger" : "toast";
  box.append(icon(danger ? "stop" : "check"), message);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text("undo");
    button.addEventListener("click", () => {
      box.remove();
      undo();
    });
    box.append(button);
  }
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 6000);
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}
