// The page: who writes, the handset, what went between it and the desk.

import * as api from "./api.js";
import { showEvents } from "./events.js";
import { bindConditions, showConditions, showWindow } from "./conditions.js";
import { bindDecisions, showDecisions } from "./decisions.js";
import { bindPeople, showPeople } from "./people.js";
import { turnItems } from "./turns.js";
import { dayOf, firstName, initials, make, reasonOf, say } from "./words.js";

const find = (id) => document.getElementById(id);
const shell = document.querySelector(".shell");

let scene = { channels: [], contacts: [], conditions: {} };
let channel = null;
let person = null;
let shown = "";
let follows = true;

/** Does something, and says so if it was refused. */
async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    const toast = make("p", { class: "toast is-danger" }, say("not_done", { detail: reasonOf(error) }));
    find("toasts").append(toast);
    setTimeout(() => toast.remove(), 6000);
    return null;
  }
}

const samePlace = { type: "location", latitude: -27.6046, longitude: -48.4637, name: "Mirante da Lagoa", address: "Lagoa da Conceição, Florianópolis - SC" };

function cardOf(contact) {
  const phones = contact.phone ? [{ phone: contact.phone, wa_id: contact.wa_id, type: "CELL" }] : [];
  return { name: { formatted_name: contact.name, first_name: firstName(contact.name) }, phones };
}

async function sendFile(blob, type, name) {
  const file = await api.addFile(channel, blob, type);
  const kind = type.split("/")[0];
  if (kind === "image" || kind === "video") return api.say(channel, person.id, { type: kind, file });
  if (kind === "audio") return api.say(channel, person.id, { type: "audio", file, voice: type.startsWith("audio/ogg") });
  return api.say(channel, person.id, { type: "document", file, filename: name });
}

async function sendSample(asset, type) {
  const blob = await (await fetch(`/simulator/assets/${asset}`)).blob();
  return sendFile(blob, type, asset);
}

async function react() {
  const { turns } = await api.talk(channel, person.id);
  const last = turns.filter((turn) => turn.writer === "business" && turn.tick !== "failed").at(-1);
  if (last) await api.say(channel, person.id, { type: "reaction", message_id: last.wamid, emoji: last.reaction ? null : "👍" });
}

const sends = {
  photo: () => sendSample("photo.png", "image/png"),
  voice: () => sendSample("voice.ogg", "audio/ogg; codecs=opus"),
  place: (turn) => api.say(channel, person.id, { ...samePlace, quotes: turn?.wamid }),
  card: () => api.say(channel, person.id, { type: "contacts", cards: [{ name: { formatted_name: "João da Silva", first_name: "João" }, phones: [{ phone: "+55 41 99999-0005", wa_id: "554199990005", type: "CELL" }] }] }),
  "own-card": (turn) => api.say(channel, person.id, { type: "contacts", cards: [{ ...cardOf(person), origin: "contact_request" }], quotes: turn?.wamid }),
  form: (turn) => openForm(turn),
  reaction: react,
};

function act(name, turn) {
  if (channel && person) attempt(() => sends[name](turn));
}

/** Meta keeps what a form asks for; here it asks for what its first screen was given, else for a name and a wish. */
function fieldsOf(turn) {
  const given = Object.keys(turn.content.interactive.action.parameters.flow_action_payload?.data ?? {});
  return given.length > 0 ? given : [say("form_name"), say("form_wish")];
}

let filling = null;

function openForm(turn) {
  filling = turn;
  const { interactive } = turn.content;
  find("flow-title").textContent = interactive.action.parameters.flow_cta;
  const fields = fieldsOf(turn).map((name) => make("label", { class: "field" }, make("span", { class: "field-label" }, name), make("input", { class: "input", name, autocomplete: "off", maxlength: 200 })));
  find("flow-fields").replaceChildren(...fields);
  find("flow-dialog").showModal();
}

find("flow-form").addEventListener("submit", () => {
  const turn = filling;
  const answers = Object.fromEntries(new FormData(find("flow-form")));
  const { flow_token } = turn.content.interactive.action.parameters;
  attempt(() => api.say(channel, person.id, { type: "flow_reply", answers, flow_token, quotes: turn.wamid }));
});
find("flow-cancel").addEventListener("click", () => find("flow-dialog").close());

function showHandset(talk) {
  const business = scene.channels.find((one) => one.phone_number_id === channel);
  const name = person ? firstName(person.name) : "";
  find("business").textContent = business?.business_name ?? "";
  find("business-mark").textContent = initials(business?.business_name ?? "?");
  find("business-line").textContent = talk?.typing ? say("typing") : say("business_account");
  find("stage").setAttribute("aria-label", say("phone_of", { name }));
  find("send-as").textContent = say("send_as", { name });
  find("text").placeholder = say("message_of", { name });
  const list = find("talk");
  const picture = JSON.stringify([channel, person?.id, talk?.turns]);
  if (picture === shown) return;
  const stays = list.scrollHeight - list.scrollTop - list.clientHeight > 80 && shown.startsWith(JSON.stringify([channel, person?.id]).slice(0, -1));
  shown = picture;
  const items = [];
  let day = "";
  for (const turn of talk?.turns ?? []) {
    const today = dayOf(turn.at);
    if (today !== day) items.push(make("li", { class: "said-day" }, today));
    day = today;
    items.push(...turnItems(turn, talk.turns, {
      say: (said) => attempt(() => api.say(channel, person.id, said)),
      act,
      play: (wamid) => attempt(() => api.play(channel, person.id, wamid)),
    }));
  }
  if (items.length === 0) {
    const key = channel ? "empty" : "no_channel";
    items.push(make("li", { class: "empty" }, make("h3", {}, say(`${key}_title`)), make("p", {}, say(`${key}_text`, { name }))));
  }
  list.replaceChildren(...items);
  follows = !stays;
  if (follows) list.scrollTop = list.scrollHeight;
}

function showChannels() {
  const select = find("channel");
  select.hidden = scene.channels.length < 2;
  const options = scene.channels.map((one) => make("option", { value: one.phone_number_id, selected: one.phone_number_id === channel }, `${one.business_name} · ${one.phone}`));
  select.replaceChildren(...options);
}

function choose(contact) {
  person = contact;
  sessionStorage.setItem("person", String(contact.id));
  shell.dataset.pane = "phone";
  markPane();
  refresh();
}

function markPane() {
  for (const button of document.querySelectorAll("[data-shows]")) {
    button.toggleAttribute("aria-current", button.dataset.shows === shell.dataset.pane);
  }
}

/** Typing ends by itself, and nobody says so. */
let ending = 0;
function typingEnds(talk) {
  clearTimeout(ending);
  if (talk?.typing) ending = setTimeout(refresh, 3000);
}

/** Whoever looks at the chat has read it, a moment later. */
let reading = 0;
function readSoon(talk) {
  if (!talk?.unread || document.hidden || reading) return;
  const [where, who] = [channel, person.id];
  reading = setTimeout(() => {
    reading = 0;
    if (!document.hidden && where === channel && who === person?.id) attempt(() => api.read(where, who));
  }, 900);
}

let busy = false;
let again = false;

/** Fetches what is shown. Changes that come meanwhile are fetched once more. */
async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    scene = await api.state();
    channel = scene.channels.some((one) => one.phone_number_id === channel) ? channel : (scene.channels[0]?.phone_number_id ?? null);
    const wanted = person?.id ?? Number(sessionStorage.getItem("person"));
    person = scene.contacts.find((one) => one.id === wanted) ?? scene.contacts[0] ?? null;
    const [talk, log, templates] = await Promise.all([channel && person ? api.talk(channel, person.id) : null, api.log(), api.templates()]);
    showChannels();
    showPeople(scene.contacts, person, channel, choose);
    showConditions(scene.conditions);
    showWindow(talk);
    showDecisions(templates, scene.channels.find((one) => one.phone_number_id === channel), attempt);
    showHandset(talk);
    showEvents(log);
    readSoon(talk);
    typingEnds(talk);
    find("lost").hidden = true;
  } catch {
    find("lost").hidden = false;
  } finally {
    busy = false;
    if (again) {
      again = false;
      setTimeout(refresh, 60);
    }
  }
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = find("text").value.trim();
  if (!body || !channel || !person) return;
  find("text").value = "";
  attempt(() => api.say(channel, person.id, { type: "text", body }));
});
find("attach").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file && channel && person) attempt(() => sendFile(file, file.type || "application/octet-stream", file.name));
});
for (const button of document.querySelectorAll("[data-sends]")) {
  button.addEventListener("click", () => act(button.dataset.sends));
}
for (const button of document.querySelectorAll("[data-shows]")) {
  button.addEventListener("click", () => {
    shell.dataset.pane = button.dataset.shows;
    markPane();
  });
}
// A picture that arrives late makes the chat longer.
find("talk").addEventListener("load", () => follows && (find("talk").scrollTop = find("talk").scrollHeight), true);
find("clear").addEventListener("click", () => channel && person && attempt(() => api.clearTalk(channel, person.id)));
find("channel").addEventListener("change", (event) => {
  channel = event.target.value;
  refresh();
});
find("desk").hidden = find("desk").dataset.known === "hidden";
bindConditions(() => scene.conditions, attempt);
bindPeople(attempt, choose);
bindDecisions(refresh);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, 30000);
api.follow(refresh, (line) => (line ? refresh() : (find("lost").hidden = false)));
