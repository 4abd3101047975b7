// The open conversation: its entries in order, gaps healed, head and contact kept up to date.

import { get, parse, swap, text, toast, post } from "./fragments.js";
import { listQuery, refreshItem, isUnread, select } from "./list.js";

const main = () => document.getElementById("main");
const messages = () => document.getElementById("messages");
const shell = () => document.querySelector(".shell");

/** The id of the open conversation, or null. */
export function openId() {
  return main().dataset.conversation ?? null;
}

const announce = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

let opening;

/** Show a conversation without loading the page anew. */
export async function openConversation(id, { push = true } = {}) {
  const url = `/conversations/${id}?${listQuery()}`;
  if (id !== openId()) {
    opening?.abort();
    opening = new AbortController();
    main().classList.add("is-loading");
    main().setAttribute("aria-busy", "true");
    let answer;
    try {
      answer = await get(url, "thread", { signal: opening.signal });
    } catch {
      return; // Another conversation was chosen meanwhile.
    }
    if (!answer.ok) {
      main().classList.remove("is-loading");
      main().removeAttribute("aria-busy");
      if (answer.status === 0) toast(text("failed"), { danger: true });
      else location.assign(url);
      return;
    }
    replaceThread(parse(answer.html));
  }
  if (push) history.pushState(null, "", url);
  shell().dataset.pane = "thread";
  select(id);
  announce("thread:opened", { id });
  markRead();
}

function replaceThread(fragment) {
  const [next, panel] = [fragment.getElementById("main"), fragment.getElementById("contact")];
  document.getElementById("contact").replaceWith(panel);
  main().replaceWith(next);
  document.title = `${next.dataset.name} · Zelo`;
}

/** On a phone, go back to the list; elsewhere put the keyboard there. */
export function showList({ push = true } = {}) {
  shell().dataset.pane = "list";
  if (push) history.pushState(null, "", `/?${listQuery()}`);
  document.title = `${document.body.dataset.title} · Zelo`;
  document.querySelector("#conversations [aria-current]")?.focus();
}

// ---------- Entries ----------

const order = (entry) => [Number(entry.dataset.at), Number(entry.dataset.seq)];

function isAfter(entry, other) {
  const [[at, seq], [otherAt, otherSeq]] = [order(entry), order(other)];
  return at !== otherAt ? at > otherAt : seq >= otherSeq;
}

/** Put entries where they belong. One that is already there is replaced, so that nothing can appear twice. */
export function upsert(fragment) {
  let day = null;
  for (const node of [...fragment.children]) {
    if (node.matches(".day")) day = node;
    if (!node.matches("[data-entry]")) continue;
    const old = document.getElementById(node.id);
    if (old) {
      node.classList.toggle("is-joined", old.classList.contains("is-joined"));
      swap(old, node);
    } else {
      insert(node, day);
    }
    day = null;
    const seq = Number(node.dataset.seq);
    if (seq > lastSeq()) main().dataset.lastSeq = seq;
  }
}

function insert(node, day) {
  const settled = [...messages().querySelectorAll("[data-entry]:not(.is-pending)")];
  const before = settled.findLast((entry) => isAfter(node, entry));
  const oldest = messages().querySelector(".older");
  if (before) before.after(node);
  else if (oldest) oldest.after(node);
  else messages().prepend(node);
  if (day && !messages().querySelector(`[data-day="${day.dataset.day}"]`)) node.before(day);
}

const lastSeq = () => Number(main().dataset.lastSeq ?? 0);

let sending = () => Promise.resolve();

/** Live entries wait for `promise()`, so that a message being sent is not drawn beside its own stand-in. */
export function waitBefore(promise) {
  sending = promise;
}

let fetching = Promise.resolve();

/** Fetch what came after the last known change; called for every new message, so that a gap heals itself. */
export function fetchNew(upTo = 0) {
  fetching = fetching.then(async () => {
    const id = openId();
    if (!id) return;
    await sending();
    const answer = await get(`/fragments/conversations/${id}/messages?after_seq=${lastSeq()}`, "messages");
    if (!answer.ok || id !== openId()) return;
    const fragment = parse(answer.html);
    const inbound = Boolean(fragment.querySelector(".is-in"));
    upsert(fragment);
    if (upTo > lastSeq()) main().dataset.lastSeq = upTo;
    if (inbound) markRead();
  });
  return fetching;
}

/** Draw one message anew, because its status changed. A jump in `seq` means that something was missed. */
export async function refreshMessage(id, seq) {
  if (seq > lastSeq() + 1) {
    await fetchNew(seq);
  } else if (seq > lastSeq()) {
    main().dataset.lastSeq = seq;
  }
  // A reaction has no entry of its own: its message comes in its place, which is here or too far up to be shown.
  const open = openId();
  const answer = await get(`/fragments/messages/${id}`, "message");
  if (!answer.ok || open !== openId()) return;
  const fragment = parse(answer.html);
  const known = [...fragment.querySelectorAll("[data-entry]")].every((entry) => document.getElementById(entry.id));
  if (known) upsert(fragment);
}

/** Put the page before the first shown entry above it. */
export async function loadOlder(link) {
  const id = openId();
  const query = new URLSearchParams({ before: link.dataset.before });
  link.setAttribute("aria-busy", "true");
  const answer = await get(`/fragments/conversations/${id}/messages?${query}`, "messages");
  link.removeAttribute("aria-busy");
  if (!answer.ok || id !== openId()) return;
  const fragment = parse(answer.html);
  const first = messages().querySelector(".day");
  // Old messages are not news.
  messages().setAttribute("aria-live", "off");
  const lastDay = [...fragment.querySelectorAll(".day")].at(-1);
  if (first && lastDay?.dataset.day === first.dataset.day) first.remove();
  link.closest(".older").replaceWith(fragment);
  setTimeout(() => messages().setAttribute("aria-live", "polite"), 500);
}

// ---------- Head, composer and contact ----------

let framing;

/** Fetch head, contact and composer state anew. The field is left alone as long as it may be used. */
export function refreshFrame() {
  clearTimeout(framing);
  framing = setTimeout(async () => {
    const id = openId();
    if (!id) return;
    const answer = await get(`/conversations/${id}?${listQuery()}`, "thread");
    if (!answer.ok || id !== openId()) return;
    const fragment = parse(answer.html);
    replaceHead(fragment);
    const panel = fragment.getElementById("contact");
    if (panel) swap(document.getElementById("contact"), panel);
    const [dock, next] = [document.getElementById("dock"), fragment.getElementById("dock")];
    if (next && dock.dataset.state !== next.dataset.state) {
      dock.replaceWith(next);
      announce("thread:opened", { id });
    }
  }, 250);
}

export function replaceHead(fragment) {
  const head = fragment.getElementById("thread-head");
  if (head) swap(document.getElementById("thread-head"), head);
  return Boolean(head);
}

/** Tell the server that the team has read the conversation, once it is really in sight. */
export async function markRead() {
  const id = openId();
  if (!id || document.visibilityState !== "visible" || main().offsetParent === null) return;
  const answer = await post(`/conversations/${id}/read`, "read", {});
  if (answer.ok && isUnread(id)) refreshItem(id, openId);
}

/** Keep the time left in the window true; at its end ask the server. */
export function tickWindow() {
  for (const chip of document.querySelectorAll("[data-window-until]")) {
    const left = Number(chip.dataset.windowUntil) - Date.now();
    if (left <= 0) {
      refreshFrame();
      return;
    }
    const minutes = Math.floor(left / 60000);
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    const parts = [hours ? `${hours} h` : "", rest || !hours ? `${rest} min` : ""];
    chip.querySelector("b").textContent = parts.filter(Boolean).join(" ");
    chip.classList.toggle("is-short", hours < 2);
    const percent = Math.min(100, Math.floor(minutes / 14.4));
    chip.querySelector(".ring-left").setAttribute("stroke-dasharray", `${percent} 100`);
  }
}
