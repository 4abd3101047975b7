// The field, its draft, and messages on their way: shown at once, sent one after the other in the order of writing.

import { newKey, parse, post, text, toast } from "./fragments.js";
import { draftOf, keepDraft, returnToDraft } from "./drafts.js";
import { refreshItem } from "./list.js";
import { openId, upsert } from "./thread.js";

const form = () => document.getElementById("composer");
const field = () => document.getElementById("text");
const messages = () => document.getElementById("messages");

let tellTyping = () => {};

/** Bind the composer of the conversation that was just opened. */
export function attach() {
  const id = openId();
  showWaiting(id);
  if (!form() || form().dataset.bound) return;
  form().dataset.bound = "yes";
  if (!field().value) field().value = draftOf(id);
  fit();
  field().addEventListener("input", () => {
    keepDraft(id, field().value);
    fit();
    tellTyping(field().value.trim() ? "start" : "stop");
  });
  field().addEventListener("blur", () => tellTyping("stop"));
  field().addEventListener("keydown", onKey);
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  document.getElementById("cancel-reply").addEventListener("click", (event) => {
    event.preventDefault();
    setReply(null);
    field().focus();
  });
}

/** How the keyboard tells others that something is being written: called with "start" or "stop". */
export function onTyping(tell) {
  tellTyping = tell;
}

function onKey(event) {
  // While composing (accents, Asian scripts) Enter belongs to the input method.
  if (event.key !== "Enter" || event.isComposing) return;
  const resolve = event.ctrlKey || event.metaKey;
  const newLine = event.shiftKey || matchMedia("(pointer: coarse)").matches;
  if (!resolve && newLine) return;
  event.preventDefault();
  send({ resolve });
}

/** Grow with the text where the browser does not do so by itself. */
function fit() {
  if (!CSS.supports("field-sizing", "content")) {
    field().rows = Math.min(8, field().value.split("\n").length);
  }
}

/** Quote a message in the next one; null for none. */
export function setReply(message) {
  const box = document.getElementById("replying");
  if (!box) return;
  box.hidden = !message;
  document.getElementById("reply-to").value = message?.dataset.id ?? "";
  if (!message) return;
  const mine = message.matches(".is-out");
  box.querySelector("b").textContent = mine ? text("you") : document.getElementById("main").dataset.name;
  box.querySelector("[data-text]").textContent =
    message.querySelector(".bubble > .text, .attachment b, .place-name")?.textContent ?? "";
  field().focus();
}

// ---------- Sending ----------

const queue = [];
let inFlight = Promise.resolve();
let pumping = false;

/** Settles when no message is half-way to the server. */
export function settled() {
  return inFlight;
}

function send({ resolve = false } = {}) {
  const words = field().value.trim();
  if (!words) {
    field().focus();
    return;
  }
  const id = openId();
  queue.push({
    conversation: id,
    fields: { text: words, reply_to: document.getElementById("reply-to").value, idempotency_key: newKey() },
    stand: standIn(words),
    resolve,
  });
  document.querySelectorAll("#dock > .notice[role=alert]").forEach((notice) => notice.remove());
  field().value = "";
  keepDraft(id, "");
  setReply(null);
  fit();
  tellTyping("stop");
  showWaiting(id);
  document.getElementById("scroll").scrollTop = 0;
  pump();
}

/** The server's own bubble with a clock, filled with the text. */
function standIn(words) {
  const bubble = document.getElementById("pending").content.querySelector(".message").cloneNode(true);
  const now = new Date();
  bubble.removeAttribute("id");
  bubble.classList.add("is-pending");
  bubble.querySelector(".text").textContent = words;
  bubble.querySelector("time").textContent =
    `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
  return bubble;
}

/** Bubbles of unsent messages stand at the end of their conversation, also after it was left and opened again. */
function showWaiting(id) {
  for (const job of queue) {
    if (job.conversation === id && !job.stand.isConnected) messages().append(job.stand);
  }
}

let wake = () => {};

/** Try again at once: the connection is back. */
export function resume() {
  wake();
}

const retryLater = () => new Promise((done) => {
  wake = done;
  setTimeout(done, 5000);
});

async function pump() {
  if (pumping) return;
  pumping = true;
  while (queue.length) {
    const job = queue[0];
    const attempt = post(`/conversations/${job.conversation}/messages`, "message", job.fields);
    inFlight = attempt.then(() => {}, () => {});
    const answer = await attempt;
    // Not reached, or a proxy answered: the same key makes the next attempt safe.
    if ([0, 502, 503, 504].includes(answer.status)) {
      await retryLater();
      continue;
    }
    queue.shift();
    if (answer.ok) finish(job, answer.html);
    else giveBack(job, answer.html);
  }
  pumping = false;
}

function finish(job, html) {
  job.stand.remove();
  if (job.conversation === openId()) upsert(parse(html));
  refreshItem(job.conversation, openId);
  if (job.resolve) {
    document.dispatchEvent(new CustomEvent("conversation:resolve", { detail: { id: job.conversation } }));
  }
}

/** The server refused: say why where it was written, and give the text back. */
function giveBack(job, html) {
  job.stand.remove();
  returnToDraft(job.conversation, job.fields.text);
  if (job.conversation !== openId()) return;
  if (field()) {
    field().value = draftOf(job.conversation);
    fit();
  }
  showNotice(html);
}

/** Put the server's notice on top of the composer; without one say it in general. */
export function showNotice(html) {
  const notice = parse(html).querySelector(".notice");
  const dock = document.getElementById("dock");
  if (!notice || !dock) {
    toast(text("failed"), { danger: true });
    return;
  }
  dock.querySelectorAll(":scope > .notice[role=alert]").forEach((old) => old.remove());
  document.getElementById("typing").after(notice);
}

// What has not left when the tab closes goes back into the draft.
addEventListener("pagehide", () => {
  for (const job of queue.toReversed()) returnToDraft(job.conversation, job.fields.text);
});
