// What goes wrong on purpose, and the clock.

import { advanceClock, setConditions } from "./api.js";
import { icon, make, say, spanOf } from "./words.js";

const find = (id) => document.getElementById(id);
const plain = ["out_of_order", "duplicate", "wrong_signature", "cut_connection"];
const DAY = 24 * 3600 * 1000;

export function showConditions(conditions) {
  for (const name of plain) find(name).checked = conditions[name];
  find("delay").checked = conditions.delay_ms > 0;
  find("fail_next").checked = Boolean(conditions.fail_next);
  find("fail-code-row").hidden = !conditions.fail_next;
  if (conditions.fail_next) find("fail-code").value = String(conditions.fail_next.code);
}

function chosen() {
  const code = Number(find("fail-code").value);
  // These are told by a status, after the send was accepted.
  const form = [131026, 131049].includes(code) ? "status" : "answer";
  return {
    ...Object.fromEntries(plain.map((name) => [name, find(name).checked])),
    delay_ms: find("delay").checked ? 5000 : 0,
    fail_next: find("fail_next").checked ? { code, form } : null,
  };
}

export function bindConditions(current, attempt) {
  const send = () => attempt(() => setConditions({ ...current(), ...chosen() }));
  for (const name of [...plain, "delay", "fail_next", "fail-code"]) find(name).addEventListener("change", send);
  find("plus-day").addEventListener("click", () => attempt(() => advanceClock(DAY)));
}

/** The ring and the time left of the 24-hour window. */
export function showWindow(talk) {
  const chip = find("window");
  const left = talk?.window_left_ms;
  if (!left) {
    chip.className = "window-chip is-closed";
    chip.replaceChildren(icon("i-clock"), say("window_closed"));
    return;
  }
  chip.className = left < 2 * 3600 * 1000 ? "window-chip is-short" : "window-chip";
  const space = "http://www.w3.org/2000/svg";
  const ring = document.createElementNS(space, "svg");
  ring.setAttribute("class", "ring");
  ring.setAttribute("viewBox", "0 0 16 16");
  ring.setAttribute("aria-hidden", "true");
  for (const kind of ["ring-track", "ring-left"]) {
    const circle = document.createElementNS(space, "circle");
    const shape = { class: kind, cx: 8, cy: 8, r: 6 };
    if (kind === "ring-left") {
      Object.assign(shape, { pathLength: 100, "stroke-dasharray": `${Math.round((left / DAY) * 100)} 100`, transform: "rotate(-90 8 8)" });
    }
    for (const [name, value] of Object.entries(shape)) circle.setAttribute(name, value);
    ring.append(circle);
  }
  chip.replaceChildren(ring, `${say("window")} `, make("b", {}, spanOf(left)));
}
