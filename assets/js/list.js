// The list of conversations: rows that move, tabs and counts that follow, further pages.

import { get, parse, swap } from "./fragments.js";
import { draftOf } from "./drafts.js";

const list = () => document.getElementById("conversations");
const rows = () => [...list().querySelectorAll(".conversation-row")];
const rowOf = (id) => document.getElementById(`c-${id}`);

/** The parameters of the list on the page, as every link and fragment of it takes them. */
export function listQuery() {
  const { filter, status, search } = list().dataset;
  const query = new URLSearchParams({ filter, status });
  if (search) query.set("q", search);
  return query;
}

/** Mark the row of the open conversation; none for `null`. */
export function select(id) {
  for (const row of rows()) {
    const link = row.querySelector("a");
    if (row.dataset.id === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

export function isUnread(id) {
  return Boolean(rowOf(id)?.querySelector(".is-unread"));
}

/** The row before or after the focused one, else beside the open one, else the first. */
export function neighbour(step) {
  const all = rows();
  const focused = document.activeElement?.closest?.(".conversation-row");
  const current = focused ?? all.find((row) => row.querySelector("[aria-current]"));
  const index = current ? all.indexOf(current) + step : 0;
  return all[Math.max(0, Math.min(index, all.length - 1))]?.querySelector("a");
}

const waiting = new Map();

/** Draw one row anew and move it to where it belongs. Several calls in a moment become one. */
export function refreshItem(id, openId) {
  clearTimeout(waiting.get(id));
  waiting.set(id, setTimeout(() => drawItem(id, openId), 60));
  refreshCounts();
}

async function drawItem(id, openId) {
  waiting.delete(id);
  const answer = await get(`/fragments/items/${id}?${listQuery()}`, "item");
  const old = rowOf(id);
  if (answer.status === 204 || answer.status === 404) {
    if (old?.contains(document.activeElement)) neighbour(1)?.focus();
    old?.remove();
    return;
  }
  if (!answer.ok) return;
  const row = parse(answer.html).querySelector(".conversation-row");
  // A search shows what was found; what happens meanwhile changes its rows but adds none.
  if (!row || (!old && list().dataset.search)) return;
  if (id === openId()) row.querySelector("a").setAttribute("aria-current", "true");
  showDraft(row, openId());
  if (!old) row.classList.add("is-new");
  place(row, old);
}

function place(row, old) {
  const others = rows().filter((other) => other !== old);
  const after = others.find((other) => comesBefore(row, other));
  const end = list().querySelector(".more") ?? list().querySelector(".list-empty");
  if (!after && end.classList.contains("more")) {
    // It belongs to a page that is not loaded.
    old?.remove();
    return;
  }
  const stays = old && old.nextElementSibling === (after ?? end);
  if (stays) {
    swap(old, row);
    return;
  }
  const focused = old?.contains(document.activeElement);
  old?.remove();
  list().insertBefore(row, after ?? end);
  if (focused) row.querySelector("a").focus({ preventScroll: true });
}

/** Open conversations first, then by last activity, newest first: the order of the server. */
function comesBefore(row, other) {
  const [open, otherOpen] = [Number(row.dataset.open), Number(other.dataset.open)];
  if (open !== otherOpen) return open > otherOpen;
  return Number(row.dataset.at) >= Number(other.dataset.at);
}

/** An unsent draft stands in the place of the newest message, as long as the conversation is not open. */
export function showDraft(row, openId) {
  const draft = draftOf(row.dataset.id);
  const preview = row.querySelector(".conversation-preview");
  if (!draft || row.dataset.id === openId) return;
  const mark = document.createElement("span");
  mark.className = "draft-mark";
  mark.textContent = document.getElementById("texts").dataset.draft;
  const words = document.createElement("span");
  words.className = "truncate";
  words.textContent = draft;
  preview.replaceChildren(mark, words, ...preview.querySelectorAll(".count"));
}

export function showDrafts(openId) {
  for (const row of rows()) showDraft(row, openId);
}

let counting;

/** Fetch the numbers on the tabs, at most every second and a half. */
export function refreshCounts() {
  counting ??= setTimeout(async () => {
    counting = undefined;
    const answer = await get(`/fragments/list?${listQuery()}`, "list");
    if (answer.ok) drawCounts(parse(answer.html));
  }, 1500);
}

function drawCounts(fragment) {
  const views = fragment.getElementById("views");
  if (views) swap(document.getElementById("views"), views);
  const unread = fragment.getElementById("filters")?.dataset.unread ?? "0";
  const badge = document.getElementById("rail-count");
  badge.querySelector("[data-count]").textContent = unread;
  badge.hidden = unread === "0";
}

/** Load the list anew with `query`, keeping the scroll position when the query is the same. */
export async function loadList(query, openId) {
  const same = query.toString() === listQuery().toString();
  const scroll = same ? list().scrollTop : 0;
  const answer = await get(`/fragments/list?${query}`, "list");
  if (!answer.ok) return false;
  const fragment = parse(answer.html);
  drawCounts(fragment);
  const focused = document.activeElement?.closest?.(".conversation-row")?.id;
  swap(document.getElementById("filters"), fragment.getElementById("filters"));
  list().replaceWith(fragment.getElementById("conversations"));
  list().scrollTop = scroll;
  select(openId);
  showDrafts(openId);
  watchEnd();
  if (focused) document.querySelector(`#${CSS.escape(focused)} a`)?.focus({ preventScroll: true });
  const form = document.querySelector(".list-search");
  form.elements.filter.value = list().dataset.filter;
  form.elements.status.value = list().dataset.status;
  return true;
}

/** Append the next page. */
export async function loadMore(link, openId) {
  const query = listQuery();
  query.set("cursor", link.dataset.cursor);
  link.setAttribute("aria-busy", "true");
  const answer = await get(`/fragments/list?${query}`, "list");
  link.removeAttribute("aria-busy");
  if (!answer.ok) return;
  const fragment = parse(answer.html);
  const more = link.closest(".more");
  for (const row of fragment.querySelectorAll(".conversation-row")) {
    if (!rowOf(row.dataset.id)) more.before(row);
  }
  const next = fragment.querySelector(".more");
  if (next) more.replaceWith(next);
  else more.remove();
  showDrafts(openId);
  watchEnd();
}

let observer;

/** Load the next page when its button comes into sight. */
export function watchEnd() {
  observer?.disconnect();
  const link = list().querySelector(".more a");
  if (!link) return;
  observer = new IntersectionObserver((seen) => {
    if (seen.some((entry) => entry.isIntersecting)) link.click();
  }, { root: list() });
  observer.observe(link);
}
