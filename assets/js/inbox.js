// The inbox: brings list, thread, composer, live connection and keyboard together.

import { parse, post, text, toast } from "./fragments.js";
import * as list from "./list.js";
import * as thread from "./thread.js";
import * as composer from "./composer.js";
import * as attach from "./attach.js";
import * as voice from "./voice.js";
import * as live from "./live.js";
import * as shortcuts from "./shortcuts.js";
import * as theme from "./theme.js";

const { openId } = thread;
document.documentElement.classList.add("has-js");
// The next page shows times by this clock.
document.cookie = `tz=${-new Date().getTimezoneOffset()}; path=/; max-age=31536000; samesite=lax`;

// ---------- Clicks: links work without this script too ----------

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const target = event.target.closest("a, [data-reply]");
  if (!target || !plain || event.defaultPrevented) return;
  const deed = deedOf(target);
  if (!deed) return;
  event.preventDefault();
  deed();
});

function deedOf(target) {
  if (target.dataset.reply) return () => composer.setReply(target.closest(".message"));
  if (target.matches(".conversation")) {
    return () => thread.openConversation(target.closest(".conversation-row").dataset.id);
  }
  if (target.matches(".past a")) return () => thread.openConversation(target.pathname.split("/").pop());
  if (target.dataset.before) return () => thread.loadOlder(target);
  if (target.dataset.cursor) return () => list.loadMore(target, openId());
  if (target.id === "back") return () => thread.showList();
  if (target.closest("#list") && target.pathname === "/") return () => showList(new URLSearchParams(target.search));
  return null;
}

function closeMenus(target) {
  for (const menu of document.querySelectorAll("details.holder[open]")) {
    const inside = menu.contains(target);
    if (!inside || target.closest("a.menu-item")) menu.open = false;
  }
}

async function showList(query) {
  if (!(await list.loadList(query, openId()))) {
    location.assign(`/?${query}`);
    return;
  }
  const id = openId();
  history.pushState(null, "", id ? `/conversations/${id}?${query}` : `/?${query}`);
}

document.querySelector(".list-search").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = new URLSearchParams(new FormData(event.target));
  if (!query.get("q")) query.delete("q");
  showList(query);
});

addEventListener("popstate", () => {
  const [, kind, id] = location.pathname.split("/");
  if (kind === "conversations" && id) thread.openConversation(id, { push: false });
  else thread.showList({ push: false });
});

// ---------- Forms that act on the open conversation ----------

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-action]");
  if (!form) return;
  event.preventDefault();
  act(form.dataset.action, form.action, new FormData(form, event.submitter));
});

async function act(action, url, fields) {
  const id = openId();
  const isMessage = action === "retry" || action === "react";
  const answer = await post(url, isMessage ? "message" : "head", fields);
  if (!answer.ok) {
    composer.showNotice(answer.html);
    return;
  }
  const fragment = parse(answer.html);
  if (isMessage) {
    thread.upsert(fragment);
  } else if (id === openId()) {
    thread.replaceHead(fragment);
    thread.refreshFrame();
  }
  if (action === "resolve") {
    toast(text("resolved"), { undo: () => act("reopen", url, { status: "open" }) });
  }
  list.refreshItem(id, openId);
}

/** Press the button of a form that is on the page; nothing happens when the deed is not possible now. */
function press(action) {
  document.querySelector(`#thread-head [data-action="${action}"] button`)?.click();
}

document.addEventListener("conversation:resolve", ({ detail }) => {
  act("resolve", `/conversations/${detail.id}/status`, { status: "resolved" });
});

// ---------- Live ----------

function onOpened() {
  composer.attach();
  attach.bind();
  voice.bind();
  live.join(openId());
  showTyping(null);
  list.showDrafts(openId());
  // Its draft is in the field now; the row shows the newest message again.
  if (document.querySelector(`#c-${openId()} .draft-mark`)) list.refreshItem(openId(), openId);
}

document.addEventListener("thread:opened", onOpened);

const typists = new Map();

/** Who writes is forgotten after six seconds; the others repeat it every three. */
function showTyping(event) {
  if (!event) typists.clear();
  else if (event.conversation_id !== openId()) return;
  else {
    const name = event.user?.name ?? event.user ?? "";
    clearTimeout(typists.get(name));
    typists.delete(name);
    if (event.typing !== false) typists.set(name, setTimeout(() => showTyping({ ...event, typing: false }), 6000));
  }
  const bar = document.getElementById("typing");
  if (!bar) return;
  bar.hidden = typists.size === 0;
  const [first] = typists.keys();
  bar.querySelector("[data-text]").textContent =
    typists.size > 1 ? text("typingSeveral") : text("typing").replace("{name}", first ?? "");
}

composer.onTyping(live.tellTyping);
thread.waitBefore(composer.settled);
shortcuts.listen({
  move: (step) => list.neighbour(step)?.focus(),
  reply: () => document.getElementById("text")?.focus(),
  take: () => press("take"),
  snooze: () => press("snooze"),
  resolve: () => press("resolve"),
  search: () => document.getElementById("search").select(),
  goHome: () => thread.showList(),
  back: () => {
    document.activeElement?.blur();
    thread.showList({ push: false });
  },
});
theme.listen();
list.watchEnd();
list.showDrafts(openId());
if (openId()) {
  composer.attach();
  attach.bind();
  voice.bind();
  thread.markRead();
}
live.connect({
  message: (event) => {
    if (event.conversation_id === openId()) thread.fetchNew(event.seq);
    list.refreshItem(event.conversation_id, openId);
  },
  status: (event) => {
    if (event.conversation_id === openId()) thread.refreshMessage(event.message_id, event.seq);
    list.refreshItem(event.conversation_id, openId);
  },
  conversation: (id) => {
    if (id === openId()) thread.refreshFrame();
    list.refreshItem(id, openId);
  },
  typing: showTyping,
  again: () => {
    list.loadList(list.listQuery(), openId());
    if (openId()) {
      thread.fetchNew();
      thread.refreshFrame();
    }
    composer.resume();
  },
});
live.join(openId());
setInterval(thread.tickWindow, 20000);
addEventListener("online", composer.resume);
document.addEventListener("visibilitychange", () => {
  if (openId() && list.isUnread(openId())) thread.markRead();
});
