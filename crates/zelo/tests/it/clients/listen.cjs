// Sockets of a real socket.io-client: one of the tenant's own people, one of a stranger's, two of nobody.
// Prints one line of JSON for whatever happens. Usage: node listen.cjs URL OWN_TOKEN STRANGE_TOKEN CONVERSATION_ID
const { io } = require("socket.io-client");

const [url, ownToken, strangeToken, conversation_id] = process.argv.slice(2);
const say = (who, event, payload) => console.log(JSON.stringify({ who, event, payload: payload ?? null }));
const open = (who, options) => {
  const socket = io(url, { reconnection: false, forceNew: true, ...options });
  socket.onAny((event, payload) => say(who, event, payload));
  socket.on("disconnect", () => say(who, "disconnect"));
  socket.on("connect_error", (error) => say(who, "connect_error", String(error)));
  return socket;
};
const connected = (socket) => new Promise((resolve) => socket.on("connect", resolve));
const ask = (socket, event, payload) => socket.timeout(10_000).emitWithAck(event, payload);

(async () => {
  // Own: begins with long polling, says who it is by an event.
  const own = open("own", {});
  await connected(own);
  say("own", "refused", await ask(own, "join:conversation", { conversation_id }));
  say("own", "authenticated", await ask(own, "authenticate", { token: ownToken }));
  say("own", "joined", await ask(own, "join:conversation", { conversation_id }));
  // The stranger: WebSocket alone, says who it is in the handshake.
  const stranger = open("stranger", { transports: ["websocket"], auth: { token: strangeToken } });
  await connected(stranger);
  say("stranger", "joined", await ask(stranger, "join:conversation", { conversation_id }));
  const nobody = open("nobody", { transports: ["websocket"] });
  await connected(nobody);
  say("nobody", "authenticated", await ask(nobody, "authenticate", { token: "nonsense" }));
  const thief = open("thief", { transports: ["websocket"], auth: { token: "nonsense" } });
  await new Promise((resolve) => thief.on("connect_error", resolve));
  say("all", "ready");
})().catch((error) => {
  say("all", "failed", String(error));
  process.exit(1);
});
