// Who can write, and the form for somebody new.

import { addContact } from "./api.js";
import { initials, make, reasonOf, say } from "./words.js";

const find = (id) => document.getElementById(id);
const tones = [2, 4, 1, 3, 5, 6];

function lineOf(contact) {
  if (contact.blocked) return say("blocked");
  if (contact.not_on_whatsapp) return say("not_on_whatsapp");
  if (!contact.phone) return say("no_phone");
  return contact.lacks_ninth_digit ? say("no_ninth", { phone: contact.phone }) : contact.phone;
}

export function showPeople(contacts, chosen, channel, choose) {
  const focused = document.activeElement?.dataset?.person;
  const items = contacts.map((contact, position) => {
    const unread = contact.unread[channel];
    const tone = tones[position % tones.length];
    const count = unread ? make("span", { class: "count" }, String(unread), make("span", { class: "visually-hidden" }, ` ${say("unread")}`)) : null;
    const button = make("button", { class: "persona", type: "button", "data-person": contact.id, "aria-current": contact.id === chosen?.id ? "true" : null },
      make("span", { class: `avatar tone-${tone}`, "aria-hidden": "true" }, initials(contact.name)),
      make("span", { class: "truncate strong" }, contact.name, make("small", { class: "truncate" }, lineOf(contact))),
      count);
    button.addEventListener("click", () => choose(contact));
    return make("li", {}, button);
  });
  find("people").replaceChildren(...items);
  if (focused) find("people").querySelector(`[data-person="${focused}"]`)?.focus();
}

/** The digits of a Brazilian mobile number without its ninth digit. */
function shortened(text) {
  const digits = text.replace(/\D/g, "").replace(/^0+/, "");
  const whole = digits.length <= 11 ? `55${digits}` : digits;
  return whole.replace(/^(55\d\d)9(\d{8})$/, "$1$2");
}

export function bindPeople(attempt, choose) {
  const dialog = find("person-dialog");
  const form = find("person-form");
  find("new-person").addEventListener("click", () => {
    form.reset();
    find("person-error").hidden = true;
    dialog.showModal();
  });
  find("person-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const phone = find("person-phone").value.trim();
    const person = {
      name: find("person-name").value,
      phone: phone || null,
      username: find("person-username").value || null,
      wa_id: phone && find("person-short").checked ? shortened(phone) : null,
      blocked: find("person-blocked").checked,
    };
    try {
      const { id } = await addContact(person);
      dialog.close();
      choose({ ...person, id });
    } catch (error) {
      find("person-error").textContent = say("not_done", { detail: reasonOf(error) });
      find("person-error").hidden = false;
    }
  });
}
