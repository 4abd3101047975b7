// The live connection: Socket.IO with a short-lived token that is kept in memory only.

import { io } from "../vendor/socket.io.esm.min.js";

let socket;
let joined = null;
let lostTimer;

/**
 * Connect, and pass on what the server tells. `on.again` is called after every connection, the first one too: between the
 * page's rendering and its socket something may have happened.
 */
export function connect(on) {
  socket = io({ auth: (give) => token().then((value) => give({ token: value })) });
  socket.on("connect", () => {
    showOnline();
    if (joined) socket.emit("join:conversation", { conversation_id: joined });
    on.again();
  });
  socket.on("disconnect", (reason) => {
    showLost();
    // The server closed it, for example because the session ended: only a new token helps.
    if (reason === "io server disconnect") connectLater();
  });
  socket.on("connect_error", () => {
    showLost();
    if (!socket.active) connectLater();
  });
  socket.on("message:new", (event) => on.message(event));
  socket.on("message:status", (event) => on.status(event));
  socket.on("message:updated", (event) => on.status(event));
  socket.on("conversation:updated", (event) => on.conversation(event.conversation?.id ?? event.conversation_id, event));
  socket.on("conversation:assigned", (event) => on.conversation(event.conversation_id, event));
  socket.on("typing", (event) => on.typing(event));
}

function connectLater() {
  setTimeout(() => socket.connect(), 3000);
}

async function token() {
  try {
    const response = await fetch("/session/token", { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (response.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    return response.ok ? (await response.json()).token : "";
  } catch {
    return "";
  }
}

/** Hear who types in a conversation, and no longer in the one before. */
export function join(id) {
  if (joined === id) return;
  if (joined) socket?.emit("leave:conversation", { conversation_id: joined });
  joined = id;
  if (id) socket?.emit("join:conversation", { conversation_id: id });
}

let typing = false;
let typedAt = 0;
let idle;

/** Tell the others that the agent writes: at the start, every three seconds, and four seconds after the last key not any more. */
export function tellTyping(state) {
  clearTimeout(idle);
  if (state === "start") {
    idle = setTimeout(() => tellTyping("stop"), 4000);
    if (typing && Date.now() - typedAt < 3000) return;
    typedAt = Date.now();
  } else if (!typing) {
    return;
  }
  typing = state === "start";
  if (socket?.connected && joined) socket.emit(`typing:${state}`, { conversation_id: joined });
}

// ---------- What the reader sees of the connection ----------

function showOnline() {
  clearTimeout(lostTimer);
  lostTimer = undefined;
  document.getElementById("offline").hidden = true;
  document.getElementById("presence").classList.add("is-online");
}

/** A short interruption is not worth a word. */
function showLost() {
  document.getElementById("presence").classList.remove("is-online");
  if (lostTimer) return;
  const since = new Date();
  lostTimer = setTimeout(() => {
    const bar = document.getElementById("offline");
    const line = bar.querySelector("[data-text]");
    const hour = `${String(since.getHours()).padStart(2, "0")}:${String(since.getMinutes()).padStart(2, "0")}`;
    line.textContent = line.dataset.text.replace("{time}", hour);
    bar.hidden = false;
  }, 2500);
}
