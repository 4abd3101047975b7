// What Meta decides about templates and the number.

import { decideTemplate, rateNumber } from "./api.js";
import { make, say } from "./words.js";

const find = (id) => document.getElementById(id);
const decisions = ["APPROVED", "REJECTED", "PAUSED", "DISABLED"];
const ratings = ["GREEN", "YELLOW", "RED"];

/** A word of Meta's, in the reader's language where the page has one for it. */
function wordOf(word) {
  return [...decisions, ...ratings, "PENDING"].includes(word) ? say(`meta_${word.toLowerCase()}`) : word;
}

function choice(name, label, chosen, words, decide) {
  const all = words.includes(chosen) ? words : [chosen, ...words];
  const options = all.map((word) => make("option", { value: word, selected: word === chosen }, wordOf(word)));
  const select = make("select", { class: "select is-code", "data-decides": name }, ...options);
  select.addEventListener("change", () => decide(select.value));
  return make("label", { class: "switch" }, label, select);
}

export function showDecisions(templates, business, attempt) {
  const box = find("decisions");
  box.hidden = !business;
  // A list that somebody has open is not taken away from under the pointer.
  if (!business || box.contains(document.activeElement)) return;
  const number = choice("number", say("number_quality"), business.quality, ratings, (word) => attempt(() => rateNumber(business.phone_number_id, word)));
  const own = templates.filter((template) => template.waba_id === business.waba_id);
  const rows = own.map((template) => choice(template.id, make("span", { class: "truncate code-text" }, template.name, " ", template.language), template.status, decisions,
    (word) => attempt(() => decideTemplate(template.id, word))));
  find("decided").replaceChildren(number, ...rows);
}

/** After a choice the list lets go, so that what Meta then says is shown. */
export function bindDecisions(refresh) {
  find("decisions").addEventListener("change", (event) => {
    event.target.blur();
    refresh();
  });
}
