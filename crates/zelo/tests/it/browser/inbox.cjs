// Works in the inbox as a person would, in a Chromium that is told what to do over its DevTools protocol.
// Usage: node inbox.cjs DEVTOOLS_URL INBOX_URL EMAIL PASSWORD FIRST_TEXT LIVE_TEXT ANSWER
const WebSocket = require("ws");

const [devtools, inbox, email, password, first, live, answer] = process.argv.slice(2);
const say = (event, payload) => console.log(JSON.stringify({ who: "browser", event, payload: payload ?? null }));
const problems = [];
let next = 1;
const waiting = new Map();

(async () => {
  const socket = new WebSocket(devtools);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
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
    if (message.error) reject?.(new Error(message.error.message));
    else resolve?.(message.result);
    if (message.method === "Runtime.exceptionThrown") problems.push(message.params.exceptionDetails.text);
    // Scripts that fail, files that are missing, and whatever the page's own policy forbids.
    if (message.method === "Log.entryAdded" && message.params.entry.level === "error") {
      problems.push(`${message.params.entry.text} ${message.params.entry.url ?? ""}`);
    }
  });
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, returnByValue: true });
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
    throw new Error(`never saw: ${what}\n${await evaluate("location.href + '\\n' + document.body.innerText")}\n${problems.join("\n")}`);
  };
  const shows = (text) => `document.body.innerText.includes(${JSON.stringify(text)})`;
  const type = (selector, text) =>
    evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`).then(() => call("Input.insertText", { text }));

  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  session = (await call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(`${domain}.enable`);
  await call("Network.setExtraHTTPHeaders", { headers: { "Accept-Language": "pt-BR,pt;q=0.9" } });

  await call("Page.navigate", { url: inbox });
  await until("the log-in page", "document.readyState === 'complete' && location.pathname === '/login'");
  await type("input[name=email]", email);
  await type("input[name=password]", password);
  await evaluate("document.querySelector('form[action=\"/login\"] button[type=submit]').click()");
  await until("the conversation in the list", `location.pathname === '/' && ${shows(first)}`);
  await evaluate("window.stayed = true");
  say("logged_in", { cookies: await evaluate("document.cookie") });

  await until("the live message", shows(live));
  say("saw_live", { reloaded: (await evaluate("window.stayed === true")) !== true });

  await evaluate("document.querySelector('a.conversation').click()");
  await until("the thread", "document.querySelector('#composer textarea') !== null");
  await type("#composer textarea", answer);
  await evaluate("document.querySelector('#composer button[type=submit]').click()");
  const mine = `[...document.querySelectorAll('[data-entry]')].filter((it) => it.querySelector('.text')?.innerText === ${JSON.stringify(answer)})`;
  await until("the two ticks of the own answer", `${mine}.some((it) => it.querySelector('.tick.is-delivered'))`);
  say("answered", { problems, bubbles: await evaluate(`${mine}.length`), language: await evaluate("document.documentElement.lang") });
})().catch((error) => {
  say("failed", String(error));
  process.exit(1);
});
