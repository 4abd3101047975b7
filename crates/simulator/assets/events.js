// What went between the simulator and the desk, the newest first.

import { exactTimeOf, make, say } from "./words.js";

const list = document.getElementById("events");
const summary = document.getElementById("answered");
const open = new Set();
const closed = new Set();

/** JSON that is short enough to read in a narrow column. */
function pretty(payload) {
  const text = JSON.stringify(payload, null, 2) ?? "";
  return text.length > 4000 ? `${text.slice(0, 4000)}\n…` : text;
}

function isOpen(entry, position) {
  if (open.has(entry.id)) return true;
  // The newest webhook shows what it holds until somebody closes it.
  return position === 0 && entry.direction === "received" && !closed.has(entry.id);
}

function badgeOf(entry) {
  const good = entry.http_status === 200;
  const answered = entry.http_status !== null || entry.attempts > 0;
  if (answered && !good) return make("span", { class: "badge is-danger" }, String(entry.http_status ?? "—"));
  return make("span", { class: entry.direction === "received" ? "badge is-accent" : "badge" }, say(entry.direction));
}

function itemOf(entry, position, redraw) {
  const shows = isOpen(entry, position);
  const label = make("button", { class: "code-text truncate", type: "button", "aria-expanded": String(shows) }, entry.label);
  label.addEventListener("click", () => {
    (shows ? closed : open).add(entry.id);
    (shows ? open : closed).delete(entry.id);
    redraw();
  });
  const item = make("li", { class: "event", "data-entry": entry.id }, badgeOf(entry), label, make("time", { class: "faint" }, exactTimeOf(entry.at)));
  if (shows) item.append(make("pre", {}, pretty(entry.payload)));
  return item;
}

export function showEvents(entries) {
  const focused = document.activeElement?.closest?.("[data-entry]")?.dataset.entry;
  list.replaceChildren(...entries.map((entry, position) => itemOf(entry, position, () => showEvents(entries))));
  if (focused) list.querySelector(`[data-entry="${focused}"] button`)?.focus();
  const refused = entries.filter((entry) => entry.attempts > 0 && entry.http_status !== 200).length;
  if (entries.length === 0) summary.textContent = say("no_events");
  else summary.textContent = refused ? say("some_unanswered", { count: refused }) : say("all_answered");
}
