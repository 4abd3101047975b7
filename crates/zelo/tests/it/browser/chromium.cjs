// A Chromium that is told what to do over its DevTools protocol, as far as the scenes need it.
const WebSocket = require("ws");

// Tell the test what happened.
exports.say = (event, payload) => console.log(JSON.stringify({ who: "browser", event, payload: payload ?? null }));

// Open an empty page. `heard` gets everything that the browser tells by itself.
exports.open = async (devtools, heard) => {
  const socket = new WebSocket(devtools);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  const waiting = new Map();
  let next = 1;
  let session;
  const call = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params, sessionId: session }));
    });
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    const { resolve, reject } = waiting.get(message.id) ?? {};
    waiting.delete(message.id);
    if (message.error) reject?.(new Error(message.error.message));
    else resolve?.(message.result);
    if (message.method) heard(message.method, message.params);
  });
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  };
  const until = async (what, expression) => {
    for (let tries = 0; tries < 300; tries++) {
      try {
        if (await evaluate(expression)) return;
      } catch {
        // Between two pages there is nothing to ask.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never saw: ${what}\n${await evaluate("location.href + '\\n' + document.body.innerText")}`);
  };
  const type = (selector, text) =>
    evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`).then(() => call("Input.insertText", { text }));

  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  session = (await call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(`${domain}.enable`);
  return { call, evaluate, until, type };
};
